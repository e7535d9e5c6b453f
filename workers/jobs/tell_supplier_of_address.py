"""A purchase order that its supplier has seen goes to another address: it is told to look again before it packs."""

from __future__ import annotations

from app.purchasing.events import AddressReplaced
from app.purchasing.models import PurchaseOrder
from workers.handler_letters import tell_handlers
from workers.job import Run, job


@job(queue="letters", on=AddressReplaced)
def tell_supplier_of_address(run: Run, event: AddressReplaced) -> None:
    """See the module. The address itself stands on the page only."""
    with run.closing() as session:
        order = session.get_one(PurchaseOrder, event.purchase_order_id)
        tell_handlers(
            session,
            order,
            kind="address_changed",
            severity="warning",
            title=f"Purchase order {order.number} goes to another address",
            text="Look at it again before you pack, and print its papers anew.",
            button="See the address",
            cause=str(order.updated_at.timestamp()),
        )
