"""Changing price rules and exchange rates."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.identity.service import platform_organisation
from app.kit import clock
from app.kit.errors import Invalid, NotFound
from app.kit.ids import new_id
from app.kit.money import is_currency
from app.outbox.events import Event
from app.outbox.service import emit
from app.pricing.models import ExchangeRate, PriceRule
from app.pricing.rules import DEFAULT_RULE, Rule

ROUNDINGS = ("none", "to_99")
#: What the column holds: digits before and after the point.
_WHOLE_DIGITS, _DECIMALS = 10, 10


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRateSet(Event):
    """What one unit of ``base`` is worth in ``quote`` is known anew."""

    topic: ClassVar[str] = "pricing.exchange_rate_set"
    base: str
    quote: str

    @property
    def key(self) -> str:
        return f"rate:{self.base}:{self.quote}"


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


def set_rate(session: Session, *, base: str, quote: str, rate: Decimal, source: str) -> ExchangeRate:
    """One unit of ``base`` is ``rate`` units of ``quote`` from now on; what was sold before keeps its rate. Needs a
    system scope. Raises ``Invalid``."""
    for name, code in (("base", base), ("quote", quote)):
        if not is_currency(code):
            raise Invalid.field(name, "unknown_currency", f"{code!r} is not an ISO 4217 currency code such as EUR.")
    if base == quote:
        raise Invalid.field("quote", "same_currency", "A rate is between two different currencies.")
    if not rate.is_finite() or not 0 < rate < Decimal(10) ** _WHOLE_DIGITS:
        raise Invalid.field("rate", "out_of_range", "A rate is a positive decimal number such as 1.0825.")
    if rate != round(rate, _DECIMALS):
        raise Invalid.field("rate", "too_precise", f"A rate has at most {_DECIMALS} digits after the point.")
    row = ExchangeRate(base=base, quote=quote, as_of=clock.now(), rate=rate, source=source)
    session.add(row)
    audit.record(
        session,
        platform_organisation(session).id,
        "pricing.exchange_rate_set",
        "exchange_rate",
        f"{base}:{quote}",
        details={"rate": f"{rate.normalize():f}", "source": source},
    )
    emit(session, ExchangeRateSet(base=base, quote=quote))
    return row
