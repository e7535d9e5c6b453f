"""Units were taken from a supplier and given to another one: it is told to send nothing of them."""

from __future__ import annotations

from app.purchasing.events import LinesRerouted
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from workers.job import Run, job
from workers.telling import HANDLES_ORDERS, tell

_WHY = (
    "You did not answer in time, asked a price that was not taken, or would have sent them too late: the retailer gave "
    "these to another supplier. "
    "Send nothing of them:"
)


@job(queue="letters", on=LinesRerouted)
def tell_of_rerouted_lines(run: Run, event: LinesRerouted) -> None:
    """See the module."""
    with run.closing() as session:
        purchase_order = session.get_one(PurchaseOrder, event.purchase_order_id)
        lines = [f"{units} × {session.get_one(PurchaseOrderLine, line_id).sku}" for line_id, units in event.lines]
        title = f"Do not send: part of {purchase_order.number} went to another supplier"
        link = f"/supplier/purchase-orders/{purchase_order.id}"
        tell(
            session,
            event.supplier_id,
            "purchase_orders.write",
            kind="purchase_order",
            title=title,
            body=f"Send nothing of these: {', '.join(lines)}.",
            paragraphs=[
                _WHY,
                *lines,
            ],
            link=link,
            button="See the purchase order",
            reason=HANDLES_ORDERS,
            dedupe=f"rerouted:{purchase_order.id}",
            letter_dedupe=f"rerouted:{purchase_order.id}:{sum(units for _, units in event.lines)}:{event.lines[0][0]}",
        )
