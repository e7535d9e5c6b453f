"""Orders beyond what their retailer's plan allows in a month: they wait, and go on oldest first.

An order takes its place when it first goes to suppliers, and keeps it. Where a plan has a limit, its retailer's orders
take their places one after the other: the plan's row is locked before any stock is. What a store added to an order has
the order's place.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql import ColumnElement

from app.billing import service as billing
from app.billing.queries import counted, is_counted
from app.billing.rules import Usage
from app.kit.errors import Conflict
from app.orders.models import Order, OrderHold
from app.orders.rules import CANCELLED, HoldReason
from app.purchasing.routing.trouble import Trouble

#: The order whose place an order has.
_PLACE = func.coalesce(Order.supplements, Order.id)


def place_for(session: Session, retailer_id: UUID, place: UUID, number: int, *, new: bool) -> Usage | Trouble | None:
    """Whether an order may go: None where nothing limits its retailer, or it has its place already; what is used of the
    plan where there is a place for it, which it keeps until the transaction ends; else why it waits. Older orders that
    wait for nothing else come first. ``place``: the order whose place it has; ``new``: it is its own, and is placed in
    this transaction."""
    usage = billing.usage_locked(session, retailer_id)
    if usage is None or (not new and is_counted(session, place)):
        return None
    older = session.scalar(
        select(func.count(_PLACE.distinct())).where(
            _waits_for_plan(retailer_id), Order.number < number, _PLACE.is_distinct_from(place), ~counted(_PLACE)
        )
    )
    if usage.left is not None and usage.left > (older or 0):
        return usage
    return Trouble(
        HoldReason.PLAN_LIMIT,
        {"plan": usage.plan, "limit": usage.limit, "used": usage.used, "month": usage.month.isoformat()},
    )


def refused_by_plan(trouble: Trouble) -> Conflict:
    """The same as an answer to the person who wanted to place the order."""
    return Conflict(
        f"{trouble.details['used']} of the {trouble.details['limit']} orders a month of your plan are used.",
        code=HoldReason.PLAN_LIMIT,
    )


def orders_with_a_place(session: Session, retailer_id: UUID) -> Sequence[UUID]:
    """Of a retailer's orders that wait for nothing but its plan, as many as there are places for, oldest first."""
    usage = billing.usage_locked(session, retailer_id)
    query = select(Order.id).where(_waits_for_plan(retailer_id)).order_by(Order.number)
    if usage is not None:
        next_ones = (
            select(_PLACE)
            .where(_waits_for_plan(retailer_id), ~counted(_PLACE))
            .group_by(_PLACE)
            .order_by(func.min(Order.number))
            .limit(usage.left)
        )
        query = query.where(counted(_PLACE) | _PLACE.in_(next_ones))
    return session.scalars(query).all()


def waiting_for_plan(session: Session, retailer_id: UUID) -> int:
    """How many of a retailer's orders wait for nothing but its plan."""
    return counts_waiting_for_plan(session, [retailer_id])[retailer_id]


def counts_waiting_for_plan(session: Session, retailer_ids: Collection[UUID]) -> dict[UUID, int]:
    """The same of several retailers. Those of others than the reader need a system scope."""
    rows = session.execute(
        select(Order.retailer_id, func.count()).where(_waits_for_plan(*retailer_ids)).group_by(Order.retailer_id)
    )
    return dict.fromkeys(retailer_ids, 0) | {retailer_id: count for retailer_id, count in rows}


def retailers_waiting_for_plan(session: Session) -> Sequence[UUID]:
    """Retailers that have orders waiting for their plans. Needs a system scope."""
    return session.scalars(
        select(OrderHold.retailer_id)
        .where(OrderHold.reason == HoldReason.PLAN_LIMIT, OrderHold.released_at.is_(None))
        .distinct()
        .order_by(OrderHold.retailer_id)
    ).all()


def _waits_for_plan(*retailer_ids: UUID) -> ColumnElement[bool]:
    other = aliased(OrderHold)
    return (
        Order.retailer_id.in_(retailer_ids)
        & (Order.status != CANCELLED)
        & exists().where(
            OrderHold.order_id == Order.id,
            OrderHold.retailer_id == Order.retailer_id,
            OrderHold.reason == HoldReason.PLAN_LIMIT,
            OrderHold.released_at.is_(None),
        )
        & ~exists().where(
            other.order_id == Order.id, other.reason != HoldReason.PLAN_LIMIT, other.released_at.is_(None)
        )
    )
