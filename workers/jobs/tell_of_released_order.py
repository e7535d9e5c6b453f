"""Nothing holds an order any more: its notice is put away."""

from __future__ import annotations

from app.notifications.service import resolve
from app.orders.events import OrderHoldsReleased
from workers.job import Run, job


@job(queue="letters", on=OrderHoldsReleased)
def tell_of_released_order(run: Run, event: OrderHoldsReleased) -> None:
    """See the module."""
    with run.closing() as session:
        resolve(session, event.retailer_id, f"order_held:{event.order_id}")
