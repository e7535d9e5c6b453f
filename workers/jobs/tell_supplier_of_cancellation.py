"""Units of a purchase order that its supplier has seen were cancelled: it is told to send nothing of them."""

from __future__ import annotations

from app.orders.rules import CANCELLED
from app.purchasing.events import LinesWithdrawn
from app.purchasing.models import PurchaseOrder
from app.purchasing.service.settling import CANCELLED_UNITS
from workers.handler_letters import tell_handlers
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
        tell_handlers(
            session,
            order,
            kind="lines_cancelled",
            severity="info",
            title=title,
            text=text,
            button="See what is left",
            cause=event.cause,
        )
