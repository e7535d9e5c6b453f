"""Reads of rules and of what was chosen by them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, aliased

from app.kit.errors import NotFound
from app.kit.paging import Page, number_after, page_of
from app.purchasing.models import RoutingDecision, RoutingRuleSet
from app.purchasing.routing.gathering import Rules, rules_of
from app.purchasing.routing.problem import Rule
from app.purchasing.routing.snapshot import outcome_of, problem_of, rule_of
from app.purchasing.routing.solver import solve

__all__ = [
    "Rules",
    "decisions",
    "last_decision",
    "recent",
    "replays",
    "rule_set",
    "rule_sets",
    "rules_in",
    "rules_of",
    "used_same_articles",
]


def decisions(
    session: Session, retailer_id: UUID, order_id: UUID, *, limit: int = 50, cursor: str | None = None
) -> Page[RoutingDecision]:
    """What was decided about an order, the last first: nothing for one that was placed before decisions were kept, or
    waits for its address."""
    query = (
        select(RoutingDecision)
        .where(RoutingDecision.order_id == order_id, RoutingDecision.retailer_id == retailer_id)
        .order_by(RoutingDecision.attempt.desc())
        .limit(limit + 1)
    )
    if cursor is not None:
        query = query.where(RoutingDecision.attempt < number_after(cursor))
    return page_of(session.scalars(query).all(), limit, lambda row: [row.attempt])


def last_decision(session: Session, retailer_id: UUID, order_id: UUID) -> RoutingDecision | None:
    """The last decision about an order, where there is one."""
    return next(iter(decisions(session, retailer_id, order_id, limit=1).items), None)


def replays(decision: RoutingDecision) -> bool:
    """Whether the stored problem still leads to the stored outcome, in every value."""
    return solve(problem_of(decision.problem)) == outcome_of(decision.outcome)


def recent(session: Session, retailer_id: UUID, *, limit: int = 100) -> Sequence[RoutingDecision]:
    """A decision about each of the newest orders, newest first: the first by which it was routed, or the last where no
    supplier was found. Those about what a supplier did not deliver are of a part only, and left out."""
    other = aliased(RoutingDecision)
    routed_before = exists().where(
        other.order_id == RoutingDecision.order_id, other.routed, other.attempt < RoutingDecision.attempt
    )
    decided_after = exists().where(other.order_id == RoutingDecision.order_id, other.attempt > RoutingDecision.attempt)
    return session.scalars(
        select(RoutingDecision)
        .where(
            RoutingDecision.retailer_id == retailer_id,
            ~routed_before,
            or_(RoutingDecision.routed, ~decided_after),
        )
        .order_by(RoutingDecision.id.desc())
        .limit(limit)
    ).all()


def used_same_articles(session: Session, retailer_id: UUID) -> set[int]:
    """The versions of a retailer's rules by which other suppliers' offers of the same articles are used."""
    return set(
        session.scalars(
            select(RoutingRuleSet.version).where(
                RoutingRuleSet.retailer_id == retailer_id, RoutingRuleSet.same_articles
            )
        )
    )


def rules_in(row: RoutingRuleSet) -> tuple[Rule, ...]:
    """A version's rules."""
    return tuple(rule_of(rule) for rule in row.rules)


def rule_sets(session: Session, retailer_id: UUID, *, limit: int = 50) -> Sequence[RoutingRuleSet]:
    """A retailer's versions, the newest first."""
    return session.scalars(
        select(RoutingRuleSet)
        .where(RoutingRuleSet.retailer_id == retailer_id)
        .order_by(RoutingRuleSet.version.desc())
        .limit(limit)
    ).all()


def rule_set(session: Session, retailer_id: UUID, version: int) -> RoutingRuleSet:
    """One version. Raises ``NotFound``."""
    found = session.scalar(
        select(RoutingRuleSet).where(RoutingRuleSet.retailer_id == retailer_id, RoutingRuleSet.version == version)
    )
    if found is None:
        raise NotFound("version")
    return found
