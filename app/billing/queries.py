"""Reads of plans and their usage."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement

from app.billing.models import CountedOrder, Plan, RetailerPlan
from app.billing.rules import Usage, month_of
from app.identity.models import Organisation
from app.kit import clock
from app.kit.errors import NotFound


def plans(session: Session) -> Sequence[tuple[Plan, int]]:
    """All plans by size, the unlimited ones last, each with how many retailers have it."""
    having = (
        select(func.count()).where(RetailerPlan.plan_id == Plan.id).correlate(Plan).scalar_subquery().label("having")
    )
    rows = session.execute(select(Plan, having).order_by(Plan.orders_a_month.nulls_last(), Plan.name))
    return [(plan, count) for plan, count in rows]


def usage_of(session: Session, retailer_id: UUID) -> Usage:
    """What a retailer has used of its plan in the month that is now there. Raises ``NotFound``."""
    row = session.execute(
        select(Organisation.timezone, Plan.name, Plan.orders_a_month)
        .outerjoin(RetailerPlan, RetailerPlan.retailer_id == Organisation.id)
        .outerjoin(Plan, Plan.id == RetailerPlan.plan_id)
        .where(Organisation.id == retailer_id, Organisation.kind == "retailer")
    ).one_or_none()
    if row is None:
        raise NotFound("retailer")
    month = month_of(clock.now(), row.timezone)
    used = session.scalar(
        select(func.count()).where(CountedOrder.retailer_id == retailer_id, CountedOrder.month == month)
    )
    return Usage(plan=row.name, limit=row.orders_a_month, used=used or 0, month=month)


def is_counted(session: Session, order_id: UUID) -> bool:
    """Whether an order has its place already."""
    return session.scalar(select(CountedOrder.order_id).where(CountedOrder.order_id == order_id)) is not None


def counted(order_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """The same of the order with this id, within a query."""
    return exists().where(CountedOrder.order_id == order_id)


def retailers(session: Session, search: str = "", *, limit: int = 50) -> Sequence[tuple[UUID, str, UUID | None]]:
    """Retailers by name, each with its plan; those whose names hold ``search``. Needs a system scope."""
    query = (
        select(Organisation.id, Organisation.name, RetailerPlan.plan_id)
        .outerjoin(RetailerPlan, RetailerPlan.retailer_id == Organisation.id)
        .where(Organisation.kind == "retailer")
        .order_by(Organisation.name, Organisation.id)
        .limit(limit)
    )
    if search:
        query = query.where(Organisation.name.icontains(search, autoescape=True))
    return [(row_id, name, plan_id) for row_id, name, plan_id in session.execute(query)]
