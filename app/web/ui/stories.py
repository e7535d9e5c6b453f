"""An order's timeline in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.adapters import registries
from app.kit.texts import marked as _
from app.orders.models import TimelineEntry
from app.web.ui.rendering import gettext

#: Message → sentence; values are filled in by name.
_SENTENCES: Mapping[str, str] = {
    "order.received": _("Order %(name)s came in from %(store)s."),
    "order.placed": _("The order was placed."),
    "order.held": _("On hold. %(advice)s"),
    "order.released": _("The hold is over; the order goes on."),
    "order.line_cancelled": _("Cancelled: %(quantity)s × %(title)s."),
    "order.cancelled_in_store": _("The order was cancelled in the store."),
    "order.address_changed": _("The delivery address was changed."),
    "po.created": _("Purchase order %(number)s for %(supplier)s."),
    "po.released": _("Purchase order %(number)s was sent to the supplier."),
    "po.acknowledged": _("%(supplier)s answered."),
    "po.processing": _("%(supplier)s is packing."),
    "po.shipped": _("Shipped with %(carrier)s: %(tracking_number)s."),
    "carrier.status": _("%(tracking_number)s: %(status)s."),
    "store.fulfillment_accepted": _("The store asked for the delivery, and the request was accepted."),
    "store.tracking_told": _("The store and its customer have the number %(tracking_number)s."),
    "store.delivery_told": _("The store knows that %(tracking_number)s arrived."),
    "store.refused": _("The store refused %(tracking_number)s: %(reason)s"),
    "money.charged": _("Your card was charged %(amount)s."),
    "money.refunded": _("%(amount)s was refunded to your card."),
    "money.no_method": _("There is no payment card to charge."),
    "money.declined": _("Your card was declined: %(reason)s"),
    "money.action_required": _("Your bank wants you to confirm the payment."),
}


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence and its moment."""

    text: str
    at: datetime


class _Gaps(dict[str, object]):
    """A value that an old entry does not have is left out, not an error."""

    def __missing__(self, key: str) -> str:
        return "…"


def story(entries: Iterable[TimelineEntry]) -> list[Told]:
    """The entries as sentences in the reader's language."""
    told = []
    for entry in entries:
        sentence = gettext(_SENTENCES.get(entry.message, entry.message.replace(".", " ").replace("_", " ")))
        values = _Gaps(entry.values)
        if "carrier" in values:
            carrier = registries.carriers.all().get(str(values["carrier"]))
            values["carrier"] = carrier.label if carrier else values["carrier"]
        told.append(Told(sentence % values, entry.at))
    return told
