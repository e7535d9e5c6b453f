"""A supplier is waited for and somebody reminds it: those who handle its orders are written to."""

from __future__ import annotations

from app.orders.rules import BACKORDERED, PENDING
from app.purchasing.events import SupplierReminded
from app.purchasing.leaving import WAITED_FOR
from app.purchasing.models import PurchaseOrder
from workers.handler_letters import tell_handlers
from workers.job import Run, job

_ASKED = {
    PENDING: "Accept it, say when you can deliver, or reject it.",
    BACKORDERED: "Ship it, name another day, or say that you can't send it.",
}
_TO_SHIP = "Ship it, or tell the retailer what keeps it."


@job(queue="letters", on=SupplierReminded)
def tell_supplier_of_reminder(run: Run, event: SupplierReminded) -> None:
    """See the module. Of what is done meanwhile nobody is reminded."""
    with run.closing() as session:
        row = session.get_one(PurchaseOrder, event.purchase_order_id)
        if row.status not in WAITED_FOR:
            return
        tell_handlers(
            session,
            row,
            kind="reminder",
            severity="info",
            title=f"{row.retailer_name} waits for purchase order {row.number}",
            text=_ASKED.get(row.status, _TO_SHIP),
            button="Open the purchase order",
            cause=event.at,
        )
