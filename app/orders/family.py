"""An order and the orders that were made of units which its store added to it later."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.orders.models import Order


def of_family(order_id: UUID) -> ColumnElement[bool]:
    """Whether an order is this one, or made of units that its store added to this one."""
    return (Order.id == order_id) | (Order.supplements == order_id)


def as_in_store(session: Session, order: Order) -> Order:
    """The order as its store has it: units that were added there are a part of the one before."""
    return order if order.supplements is None else session.get_one(Order, order.supplements)
