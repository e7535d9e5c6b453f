"""A customer asked its shop to take things back, or the shop said no: the customer is written to, once, where the shop
wants it."""

from __future__ import annotations

from sqlalchemy import select

from app.documents.customer_letters import CustomerLetters
from app.orders.models import Order
from app.returns.events import ShopperReturnAsked, ShopperReturnDecided
from app.returns.models import ShopperReturn, StoreReturn
from app.returns.rules import REFUSED
from workers.job import Run, job


@job(queue="letters", on=(ShopperReturnAsked, ShopperReturnDecided))
def write_to_customer(run: Run, event: ShopperReturnAsked | ShopperReturnDecided) -> None:
    """See the module."""
    with run.closing() as session:
        row = session.get_one(ShopperReturn, event.shopper_return_id)
        if session.scalar(select(StoreReturn.id).where(StoreReturn.shopper_return_id == row.id).limit(1)) is not None:
            # Asked for in the store, which writes to its customer itself.
            return
        letters = CustomerLetters(session, session.get_one(Order, row.order_id))
        if isinstance(event, ShopperReturnDecided):
            # What is granted becomes returns, each of which is told of when its supplier has decided.
            if event.state != REFUSED:
                return
            letters.refused(f"{row.id}:refused", row.answer)
        else:
            letters.asked(f"{row.id}:asked")
