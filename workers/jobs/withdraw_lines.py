"""Units will not come: the order says so, and their money goes back."""

from __future__ import annotations

from sqlalchemy import select

from app.orders import service as orders
from app.orders.models import OrderLine
from app.orders.rules import CANCELLED
from app.purchasing.events import LinesWithdrawn
from app.purchasing.models import PurchaseOrderLine
from app.purchasing.service.status import refresh_order_status
from app.settlement.service import cancel_unpaid_charge, withdraw
from workers.job import Run, job


@job(queue="money", on=LinesWithdrawn)
def withdraw_lines(run: Run, event: LinesWithdrawn) -> None:
    """See the module."""
    with run.closing() as session:
        order = orders.locked(session, event.order_id)
        rows = session.execute(
            select(PurchaseOrderLine.order_line_id, PurchaseOrderLine.cancelled).where(
                PurchaseOrderLine.purchase_order_id == event.purchase_order_id, PurchaseOrderLine.cancelled > 0
            )
        )
        for order_line_id, cancelled in rows:
            line = session.get_one(OrderLine, order_line_id)
            if line.cancelled < cancelled:
                orders.cancel_units(session, order, line, cancelled - line.cancelled)
        session.flush()
        refresh_order_status(session, order)
        withdraw(session, event.purchase_order_id, cause=event.cause, goods=event.goods)
        if order.status == CANCELLED:
            cancel_unpaid_charge(session, order.id)
