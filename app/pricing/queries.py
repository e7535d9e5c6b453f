"""Reads of price rules and exchange rates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
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
    """The newest rate at or before a moment, and its date; the reciprocal where the newest is the other way round."""
    if base == quote:
        return Decimal(1), at
    row = session.execute(
        select(ExchangeRate.base, ExchangeRate.rate, ExchangeRate.as_of)
        .where(
            tuple_(ExchangeRate.base, ExchangeRate.quote).in_([(base, quote), (quote, base)]),
            ExchangeRate.as_of <= at,
        )
        .order_by(ExchangeRate.as_of.desc(), (ExchangeRate.base == base).desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return row.rate if row.base == base else (Decimal(1) / row.rate).quantize(Decimal("1e-10")), row.as_of


def newest_rates(session: Session) -> Sequence[ExchangeRate]:
    """The newest rate of each pair of currencies."""
    return session.scalars(
        select(ExchangeRate)
        .ext(distinct_on(ExchangeRate.base, ExchangeRate.quote))
        .order_by(ExchangeRate.base, ExchangeRate.quote, ExchangeRate.as_of.desc())
    ).all()
