"""What a supplier is shown of the sender that a store wants on its parcel: what stands there, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.documents.addresses import address_lines
from app.kit.texts import marked as _
from app.orders.senders import sender_of
from app.purchasing.models import PurchaseOrder
from app.web.ui.rendering import gettext


@dataclass(frozen=True, slots=True)
class ShownSender:
    """The lines of the address, its telephone, and where it stands, in words."""

    lines: Sequence[str]
    phone: str
    where: str


def sender_shown(order: PurchaseOrder) -> ShownSender | None:
    """None: the supplier's own address stands on the parcel."""
    sender = sender_of(order.sender, "purchase_orders", order.id)
    if sender is None:
        return None
    if sender.as_sender and sender.as_return_address:
        where = _("Sender and return address of the shop, on labels and papers in place of yours.")
    elif sender.as_sender:
        where = _("Sender on labels and papers. What can't be delivered goes back to you.")
    else:
        where = _("Return address on labels: what can't be delivered goes there.")
    return ShownSender(address_lines(sender.address), sender.address.phone, gettext(where))
