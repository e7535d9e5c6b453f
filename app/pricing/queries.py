"""Reads of price rules and exchange rates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.pricing.models import ExchangeRate, PriceRule


def rules_of(session: Session, retailer_id: UUID) -> Sequence[PriceRule]:
    """The retailer's rules, the default first."""
    return session.scalars(
        select(PriceRule)
        .where(PriceRule.retailer_id == retailer_id)
        .order_by(PriceRule.is_default.desc(), PriceRule.name)
    ).all()


def exchange_rate(session: Session, base: str, quote: str, at: datetime) -> tuple[Decimal, datetime] | None:
    """The newest rate at or before a moment, and its date; the reciprocal where only that is known."""
    if base == quote:
        return Decimal(1), at
    for first, second, invert in ((base, quote, False), (quote, base, True)):
        row = session.execute(
            select(ExchangeRate.rate, ExchangeRate.as_of)
            .where(ExchangeRate.base == first, ExchangeRate.quote == second, ExchangeRate.as_of <= at)
            .order_by(ExchangeRate.as_of.desc())
            .limit(1)
        ).first()
        if row is not None:
            rate = (Decimal(1) / row.rate).quantize(Decimal("1e-10")) if invert else row.rate
            return rate, row.as_of
    return None
