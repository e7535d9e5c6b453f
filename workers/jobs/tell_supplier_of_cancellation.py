"""Units of a purchase order that its supplier has seen were cancelled: it is told to send nothing of them."""

from __future__ import annotations

from app.config import settings
from app.identity.queries import recipients
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from app.orders.rules import CANCELLED
from app.purchasing.events import LinesWithdrawn
from app.purchasing.models import PurchaseOrder
from app.purchasing.service.settling import CANCELLED_UNITS
from workers.job import Run, job


@job(queue="letters", on=LinesWithdrawn)
def tell_supplier_of_cancellation(run: Run, event: LinesWithdrawn) -> None:
    """See the module. What it rejected or was asked to stop, it knows."""
    if not event.cause.startswith(f"{CANCELLED_UNITS}:"):
        return
    with run.closing() as session:
        order = session.get_one(PurchaseOrder, event.purchase_order_id)
        if order.released_at is None:
            return
        whole = order.status == CANCELLED
        title = f"Purchase order {order.number} was cancelled{'' if whole else ' in part'}"
        text = "Send nothing of it." if whole else "Look at what is left before you pack it."
        link = f"/supplier/purchase-orders/{order.id}"
        notify(
            session,
            order.supplier_id,
            kind="lines_cancelled",
            severity="info",
            title=title,
            body=text,
            link=link,
            dedupe=f"lines_cancelled:{order.id}",
        )
        queue_email(
            session,
            recipients(session, order.supplier_id, "purchase_orders.write"),
            Letter(
                subject=title,
                paragraphs=[text],
                button=("See what is left", f"{settings().public_url}{link}"),
                reason="You get this because you handle purchase orders for your company at Crossdock.",
            ),
            kind="lines_cancelled",
            dedupe=f"lines_cancelled:{order.id}:{event.cause}",
            organisation_id=order.supplier_id,
        )
