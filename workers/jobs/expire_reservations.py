"""Unpaid orders whose time is over give their stock back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.inventory.service import expire_held
from app.kit import clock
from app.orders.models import OrderLine
from app.purchasing.service import let_go_unpaid
from workers.job import Run, job


@job(queue="quick", every="* * * * * */30", coalesce=True)
def expire_reservations(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.transaction() as session:
        line_ids = expire_held(session, clock.now())
        order_ids = session.scalars(select(OrderLine.order_id).where(OrderLine.id.in_(line_ids)).distinct()).all()
    run.each(order_ids, lambda session, order_id: let_go_unpaid(session, [order_id]))
