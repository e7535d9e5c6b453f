"""Changing price rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.kit import clock
from app.kit.errors import Invalid, NotFound
from app.kit.ids import new_id
from app.outbox.events import Event
from app.outbox.service import emit
from app.pricing.models import PriceRule
from app.pricing.rules import DEFAULT_RULE, Rule

ROUNDINGS = ("none", "to_99")


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRuleChanged(Event):
    """The prices of a retailer's listings are to be worked out again."""

    topic: ClassVar[str] = "pricing.rule_changed"
    retailer_id: UUID
    rule_id: UUID

    @property
    def key(self) -> str:
        return f"retailer:{self.retailer_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.retailer_id


def default_rule(session: Session, retailer_id: UUID) -> PriceRule:
    """The retailer's default rule, made on first use."""
    rule = session.scalar(select(PriceRule).where(PriceRule.retailer_id == retailer_id, PriceRule.is_default))
    if rule is None:
        rule = PriceRule(
            id=new_id(),
            retailer_id=retailer_id,
            name="Default",
            markup_bps=DEFAULT_RULE.markup_bps,
            rounding=DEFAULT_RULE.rounding,
            is_default=True,
            version=1,
            updated_at=clock.now(),
        )
        session.add(rule)
        session.flush()
    return rule


def rule_of(session: Session, retailer_id: UUID, rule_id: UUID) -> PriceRule:
    """One rule of the retailer. Raises ``NotFound``."""
    rule = session.scalar(select(PriceRule).where(PriceRule.retailer_id == retailer_id, PriceRule.id == rule_id))
    if rule is None:
        raise NotFound("price rule")
    return rule


def as_rule(row: PriceRule) -> Rule:
    """The rule as a plain value."""
    return Rule(markup_bps=row.markup_bps, rounding=row.rounding)


def change_rule(session: Session, retailer_id: UUID, rule_id: UUID, *, markup_bps: int, rounding: str) -> PriceRule:
    """Change a rule; every listing that it prices follows. Raises ``Invalid``."""
    if not 0 <= markup_bps <= 1_000_000:
        raise Invalid.field("markup_percent", "out_of_range", "A markup is between 0 and 10,000 percent.")
    if rounding not in ROUNDINGS:
        raise Invalid.field("rounding", "unknown", f"Rounding is one of: {', '.join(ROUNDINGS)}.")
    rule = rule_of(session, retailer_id, rule_id)
    audit.record(
        session,
        retailer_id,
        "pricing.rule_changed",
        "price_rule",
        rule.id,
        details={"from": [rule.markup_bps, rule.rounding], "to": [markup_bps, rounding]},
    )
    rule.markup_bps, rule.rounding = markup_bps, rounding
    rule.version += 1
    rule.updated_at = clock.now()
    emit(session, PriceRuleChanged(retailer_id=retailer_id, rule_id=rule.id))
    return rule
