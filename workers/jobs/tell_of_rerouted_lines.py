"""Units were taken from a supplier and given to another one: it is told to send nothing of them."""

from __future__ import annotations

from app.config import settings
from app.identity.queries import recipients
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from app.purchasing.events import LinesRerouted
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from workers.job import Run, job

_WHY = (
    "You did not answer in time, or asked a price that was not taken: the retailer gave these to another supplier. "
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
        notify(
            session,
            event.supplier_id,
            kind="purchase_order",
            severity="info",
            title=title,
            body=f"Send nothing of these: {', '.join(lines)}.",
            link=link,
            dedupe=f"rerouted:{purchase_order.id}",
        )
        queue_email(
            session,
            recipients(session, event.supplier_id, "purchase_orders.write"),
            Letter(
                subject=title,
                paragraphs=[
                    _WHY,
                    *lines,
                ],
                button=("See the purchase order", f"{settings().public_url}{link}"),
                reason="You get this because you handle orders for your company at Crossdock.",
            ),
            kind="purchase_order",
            dedupe=f"rerouted:{purchase_order.id}:{sum(units for _, units in event.lines)}:{event.lines[0][0]}",
            organisation_id=event.supplier_id,
        )
