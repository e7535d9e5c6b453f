"""Choosing, setting the chosen units aside, and writing the choice down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.db import add_rows
from app.inventory.errors import InsufficientStock
from app.kit import clock
from app.kit.ids import new_id
from app.orders.models import OrderHold
from app.purchasing.models import RoutingDecision
from app.purchasing.routing.gathering import Gathered
from app.purchasing.routing.occasions import Occasion, taken_up
from app.purchasing.routing.problem import Choice, NoChoice, Problem
from app.purchasing.routing.solver import solve

#: Others buy while we choose: with what is left then, it is chosen again, so often.
_TRIES = 4


def choose(gathered: Gathered, take: Callable[[Choice], None]) -> tuple[Problem, Choice | NoChoice]:
    """The best choice whose units could be set aside by ``take`` (which raises ``InsufficientStock`` and then has set
    nothing aside), with the problem as it was in the end."""
    problem = gathered.problem
    assert problem is not None
    for _ in range(_TRIES):
        outcome = solve(problem)
        if isinstance(outcome, NoChoice):
            return problem, outcome
        try:
            take(outcome)
        except InsufficientStock as error:
            problem = _left(problem, {str(line.variant_id): line.available for line in error.lines})
        else:
            return problem, outcome
    return problem, NoChoice({}, (), "stock")


def record(
    session: Session,
    retailer_id: UUID,
    order_id: UUID,
    gathered: Gathered,
    problem: Problem,
    outcome: Choice | NoChoice,
    *,
    occasion: Occasion,
    attempt: int = 1,
) -> None:
    """Write a choice down with all that it was made from, and what brought it about."""
    add_rows(
        session,
        RoutingDecision,
        [
            {
                "id": new_id(),
                "retailer_id": retailer_id,
                "order_id": order_id,
                "attempt": attempt,
                "rules_version": gathered.rules.version,
                "problem": problem,
                "outcome": outcome,
                "routed": isinstance(outcome, Choice),
                "occasion": occasion.what,
                "about": dict(occasion.details),
                "created_at": clock.now(),
            }
        ],
    )


def next_attempt(session: Session, order_id: UUID) -> int:
    """The number of an order's next choice; the caller has locked the order."""
    last = session.scalar(select(func.max(RoutingDecision.attempt)).where(RoutingDecision.order_id == order_id))
    return (last or 0) + 1


def after_holds(session: Session, order_id: UUID) -> Occasion:
    """That an order is taken up again, after the holds that ended since it was decided about last, or end with this."""
    last = select(func.max(RoutingDecision.created_at)).where(RoutingDecision.order_id == order_id).scalar_subquery()
    ended = OrderHold.released_at
    holds = session.scalars(
        select(OrderHold.reason)
        .where(OrderHold.order_id == order_id, or_(ended.is_(None), last.is_(None), ended >= last))
        .order_by(OrderHold.since, OrderHold.id)
    )
    return taken_up(list(holds))


def _left(problem: Problem, free: Mapping[str, int]) -> Problem:
    """The problem with what is still free now; never more than before, so that it comes to an end."""
    offers: Sequence[Any] = [
        replace(offer, free=min(offer.free - 1, free[offer.key])) if offer.key in free else offer
        for offer in problem.offers
    ]
    return replace(problem, offers=tuple(offers))
