"""A customer asks for a return: the shop is told, and what to do, unless its settings have granted it already."""

from __future__ import annotations

from app.orders.models import Order
from app.returns.events import ShopperReturnAsked
from app.returns.models import ShopperReturn
from app.returns.rules import WAITING
from app.returns.service.asking import question
from workers.job import Run, job
from workers.telling import HANDLES_ORDERS, tell


@job(queue="letters", on=ShopperReturnAsked)
def tell_of_shopper_return(run: Run, event: ShopperReturnAsked) -> None:
    """See the module."""
    with run.closing() as session:
        row = session.get_one(ShopperReturn, event.shopper_return_id, with_for_update={"read": True})
        if row.state != WAITING:
            return
        order = session.get_one(Order, row.order_id)
        name, link = order.external_name or str(order.number), f"/app/returns/requests/{row.id}"
        tell(
            session,
            row.retailer_id,
            "orders.write",
            kind="shopper_return",
            severity="warning",
            title=f"A customer wants to return something of order {name}",
            body="Look at it, and let the supplier know or say no.",
            paragraphs=[
                f"The buyer of order {name} asked on the order's page to send something back.",
                "Nothing goes to the supplier until you agree.",
            ],
            link=link,
            button="Look at it",
            reason=HANDLES_ORDERS,
            dedupe=question(row.id),
        )
