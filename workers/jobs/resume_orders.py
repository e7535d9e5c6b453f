"""Stock has come: orders that waited for it go on."""

from __future__ import annotations

from sqlalchemy import select

from app.inventory.events import StockFreed
from app.orders.models import OrderHold, OrderLine
from app.orders.rules import HoldReason
from app.purchasing.service import resume_order
from workers.job import Run, job


@job(queue="quick", on=StockFreed, gather="variant_ids")
def resume_orders(run: Run, event: StockFreed) -> None:
    """See the module."""
    with run.closing() as session:
        waiting = session.scalars(
            select(OrderHold.order_id)
            .join(OrderLine, OrderLine.order_id == OrderHold.order_id)
            .where(
                OrderHold.reason == HoldReason.OUT_OF_STOCK,
                OrderHold.released_at.is_(None),
                OrderLine.variant_id.in_(event.variant_ids),
            )
            .distinct()
            .order_by(OrderHold.order_id)
            .limit(50)
        ).all()
        for order_id in waiting:
            resume_order(session, order_id)
