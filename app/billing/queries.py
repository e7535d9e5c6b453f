"""Reads of plans and their usage."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
    found = usages(session, [retailer_id]).get(retailer_id)
    if found is None:
        raise NotFound("retailer")
    return found


def usages(session: Session, retailer_ids: Collection[UUID]) -> dict[UUID, Usage]:
    """The same of several retailers. Those of others than the reader need a system scope."""
    rows = session.execute(
        select(Organisation.id, Organisation.timezone, Plan.name, Plan.orders_a_month)
        .outerjoin(RetailerPlan, RetailerPlan.retailer_id == Organisation.id)
        .outerjoin(Plan, Plan.id == RetailerPlan.plan_id)
        .where(Organisation.id.in_(retailer_ids), Organisation.kind == "retailer")
    ).all()
    now = clock.now()
    # Where their time zones lie in different months, these are two.
    months = {row.id: month_of(now, row.timezone) for row in rows}
    used = {
        (retailer_id, month): count
        for retailer_id, month, count in session.execute(
            select(CountedOrder.retailer_id, CountedOrder.month, func.count())
            .where(CountedOrder.retailer_id.in_(months), CountedOrder.month.in_(set(months.values())))
            .group_by(CountedOrder.retailer_id, CountedOrder.month)
        )
    }
    return {
        row.id: Usage(plan=row.name, limit=row.orders_a_month, used=used.get((row.id, month), 0), month=month)
        for row in rows
        for month in [months[row.id]]
    }


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
