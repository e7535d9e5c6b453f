"""A customer asks for a return: the shop is told, and what to do, unless its settings have granted it already."""

from __future__ import annotations

from app.config import settings
from app.identity.queries import recipients
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from app.orders.models import Order
from app.returns.events import ShopperReturnAsked
from app.returns.models import ShopperReturn
from app.returns.rules import WAITING
from app.returns.service.asking import question
from workers.job import Run, job


@job(queue="letters", on=ShopperReturnAsked)
def tell_of_shopper_return(run: Run, event: ShopperReturnAsked) -> None:
    """See the module."""
    with run.closing() as session:
        row = session.get_one(ShopperReturn, event.shopper_return_id, with_for_update={"read": True})
        if row.state != WAITING:
            return
        order = session.get_one(Order, row.order_id)
        name, link = order.external_name or str(order.number), f"/app/returns/requests/{row.id}"
        notify(
            session,
            row.retailer_id,
            kind="shopper_return",
            severity="warning",
            title=f"A customer wants to return something of order {name}",
            body="Look at it, and let the supplier know or say no.",
            link=link,
            dedupe=question(row.id),
        )
        queue_email(
            session,
            recipients(session, row.retailer_id, "orders.write"),
            Letter(
                subject=f"A customer wants to return something of order {name}",
                paragraphs=[
                    f"The buyer of order {name} asked on the order's page to send something back.",
                    "Nothing goes to the supplier until you agree.",
                ],
                button=("Look at it", f"{settings().public_url}{link}"),
                reason="You get this because you handle orders for your company at Crossdock.",
            ),
            kind="shopper_return",
            dedupe=question(row.id),
            organisation_id=row.retailer_id,
        )
