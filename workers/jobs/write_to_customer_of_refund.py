"""A store gave money back and writes to nobody about it: its customer is written to, once, where the shop wants it."""

from __future__ import annotations

from sqlalchemy.orm import selectinload

from app.documents.customer_letters import CustomerLetters
from app.orders.models import Order, OrderLine
from app.store_refunds.events import StoreRefundMoved
from app.store_refunds.models import StoreRefund
from app.store_refunds.rules import MADE
from workers.job import Run, job


@job(queue="letters", on=StoreRefundMoved)
def write_to_customer_of_refund(run: Run, event: StoreRefundMoved) -> None:
    """See the module. What a store was asked to tell of, and what its people refunded themselves, it tells of itself;
    of nothing given back nothing is told."""
    with run.closing() as session:
        row = session.get_one(StoreRefund, event.store_refund_id, options=[selectinload(StoreRefund.lines)])
        if row.state != MADE or row.notify or not row.made_amount:
            return
        letters = CustomerLetters(session, session.get_one(Order, row.order_id))
        titles = {line.order_line_id: session.get_one(OrderLine, line.order_line_id).title for line in row.lines}
        items = [(titles[line.order_line_id], letters.units(line.units)) for line in row.lines]
        letters.refunded(f"{row.id}:{MADE}", row.to_customer, items)
