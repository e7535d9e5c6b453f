"""An order was not paid in time and is cancelled: the retailer is told, in the app and by e-mail."""

from __future__ import annotations

from app.config import settings
from app.identity.queries import recipients
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from app.orders.events import OrderLapsed
from app.orders.models import Order
from workers.job import Run, job

_WHY = "It was not paid in time, so its stock was given back and its suppliers will not send it."
_WHAT = "Nothing was charged. Refund your customer, or place a new order if the goods are still wanted."


@job(queue="letters", on=OrderLapsed)
def tell_of_lapsed_order(run: Run, event: OrderLapsed) -> None:
    """See the module."""
    with run.closing() as session:
        order = session.get_one(Order, event.order_id)
        title = f"Order {order.external_name or order.number} was cancelled"
        link = f"/app/orders/{order.id}"
        notify(
            session,
            event.retailer_id,
            kind="order_lapsed",
            # Nothing is left to be done here that would end it: the retailer dismisses it.
            severity="info",
            title=title,
            body=f"{_WHY} {_WHAT}",
            link=link,
            dedupe=f"order_lapsed:{order.id}",
        )
        queue_email(
            session,
            recipients(session, event.retailer_id, "orders.write"),
            Letter(
                subject=title,
                paragraphs=[_WHY, _WHAT],
                button=("See the order", f"{settings().public_url}{link}"),
                reason="You get this because you handle orders for your company at Crossdock.",
            ),
            kind="order_lapsed",
            dedupe=f"order_lapsed:{order.id}",
            organisation_id=event.retailer_id,
        )
