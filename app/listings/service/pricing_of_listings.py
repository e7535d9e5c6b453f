"""What a listing's variants should cost in a store's currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from app.catalog.models import SupplierVariant
from app.kit import clock
from app.kit.errors import Conflict
from app.kit.money import Money
from app.pricing.queries import exchange_rate
from app.pricing.rules import Rule, converted, retail_price


@dataclass(frozen=True, slots=True)
class Priced:
    """Price, compare-at price and cost in minor units of the store's currency."""

    price: int
    compare_at: int | None
    cost: int


def rate_between(session: Session, base: str, quote: str) -> Decimal:
    """Today's rate. Raises ``Conflict`` when none is known."""
    found = exchange_rate(session, base, quote, clock.now())
    if found is None:
        raise Conflict(f"No exchange rate from {base} to {quote} is known yet.", code="no_exchange_rate")
    return found[0]


def price_variant(variant: SupplierVariant, rule: Rule, own_price: int | None, currency: str, rate: Decimal) -> Priced:
    """The retailer's own price where it set one, else the rule's; compare-at is the MSRP where that is higher."""
    cost = Money(variant.wholesale_price, variant.currency)
    price = own_price if own_price is not None else retail_price(cost, rule, rate=rate, currency=currency).minor
    msrp = (
        converted(Money(variant.msrp, variant.currency), rate=rate, currency=currency).minor if variant.msrp else None
    )
    return Priced(
        price=price,
        compare_at=msrp if msrp is not None and msrp > price else None,
        cost=converted(cost, rate=rate, currency=currency).minor,
    )
