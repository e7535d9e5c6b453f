"""Reads of rules and of what was chosen by them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from app.kit.errors import NotFound
from app.purchasing.models import RoutingDecision, RoutingRuleSet
from app.purchasing.routing.gathering import Rules, rules_of
from app.purchasing.routing.problem import Rule
from app.purchasing.routing.snapshot import outcome_of, problem_of, rule_of
from app.purchasing.routing.solver import solve

__all__ = ["Rules", "decisions", "last_decision", "recent", "replays", "rule_set", "rule_sets", "rules_in", "rules_of"]


def decisions(session: Session, retailer_id: UUID, order_id: UUID) -> Sequence[RoutingDecision]:
    """What was decided about an order, the last first."""
    return session.scalars(
        select(RoutingDecision)
        .where(RoutingDecision.order_id == order_id, RoutingDecision.retailer_id == retailer_id)
        .order_by(RoutingDecision.attempt.desc())
    ).all()


def last_decision(session: Session, retailer_id: UUID, order_id: UUID) -> RoutingDecision | None:
    """The last decision about an order; None for one that was placed before decisions were kept, or waits for its
    address."""
    return next(iter(decisions(session, retailer_id, order_id)), None)


def replays(decision: RoutingDecision) -> bool:
    """Whether the stored problem still leads to the stored outcome, in every value."""
    return solve(problem_of(decision.problem)) == outcome_of(decision.outcome)


def recent(session: Session, retailer_id: UUID, *, limit: int = 100) -> Sequence[RoutingDecision]:
    """The first decisions about the newest orders that were routed, newest first; those about what a supplier did not
    deliver are of a part only, and left out."""
    earlier = aliased(RoutingDecision)
    return session.scalars(
        select(RoutingDecision)
        .where(
            RoutingDecision.retailer_id == retailer_id,
            RoutingDecision.routed,
            ~exists().where(
                earlier.order_id == RoutingDecision.order_id,
                earlier.routed,
                earlier.attempt < RoutingDecision.attempt,
            ),
        )
        .order_by(RoutingDecision.id.desc())
        .limit(limit)
    ).all()


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
