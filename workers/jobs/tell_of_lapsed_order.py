"""An order was not paid in time and is cancelled: the retailer is told, in the app and by e-mail."""

from __future__ import annotations

from app.orders.events import OrderLapsed
from app.orders.models import Order
from workers.job import Run, job
from workers.order_desk import tell_order_desk

_WHY = "It was not paid in time, so its stock was given back and its suppliers will not send it."
_WHAT = "Nothing was charged. Refund your customer, or place a new order if the goods are still wanted."


@job(queue="letters", on=OrderLapsed)
def tell_of_lapsed_order(run: Run, event: OrderLapsed) -> None:
    """See the module."""
    with run.closing() as session:
        order = session.get_one(Order, event.order_id)
        tell_order_desk(
            session,
            order,
            kind="order_lapsed",
            # Nothing is left to be done here that would end it: the retailer dismisses it.
            severity="info",
            title=f"Order {order.external_name or order.number} was cancelled",
            body=f"{_WHY} {_WHAT}",
            paragraphs=[_WHY, _WHAT],
            button="See the order",
            dedupe=f"order_lapsed:{order.id}",
        )
