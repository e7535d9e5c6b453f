"""What a listing's variants should cost in a store's currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.models import SupplierVariant
from app.kit import clock
from app.kit.errors import Conflict
from app.kit.money import Money
from app.listings.models import ListingSource
from app.pricing.queries import exchange_rate
from app.pricing.rules import Rule, converted, retail_price


@dataclass(frozen=True, slots=True)
class Priced:
    """Price, compare-at price and cost in minor units of the store's currency."""

    price: int
    compare_at: int | None
    cost: int


def known_rate(session: Session, base: str, quote: str) -> Decimal | None:
    """Today's rate; None when there is none yet."""
    found = exchange_rate(session, base, quote, clock.now())
    return found[0] if found is not None else None


def rate_between(session: Session, base: str, quote: str) -> Decimal:
    """Today's rate. Raises ``Conflict`` when none is known."""
    rate = known_rate(session, base, quote)
    if rate is None:
        raise Conflict(f"No exchange rate from {base} to {quote} is known yet.", code="no_exchange_rate")
    return rate


@dataclass(frozen=True, slots=True)
class BundleCosts:
    """What one unit costs of those listing variants that are made of several units or components, in minor units of
    their own source's currency; and of which nobody can tell for want of an exchange rate: from which currency to
    which."""

    known: Mapping[UUID, int]
    untold: Mapping[UUID, tuple[str, str]]

    def check(self) -> None:
        """Raises ``Conflict`` where one can't be told."""
        for base, quote in self.untold.values():
            raise Conflict(
                f"A part of this bundle is sold in {base}, and no exchange rate from {base} to {quote} is known yet: "
                "what the bundle costs can't be told. Take a part in another currency, or try again later.",
                code="no_exchange_rate",
            )


def bundle_costs(session: Session, listing_variant_ids: Sequence[UUID]) -> BundleCosts:
    """The costs of those listing variants that are bundles, by the first source of each part."""
    rows = session.execute(
        select(ListingSource, SupplierVariant.wholesale_price, SupplierVariant.currency)
        .join(SupplierVariant, SupplierVariant.id == ListingSource.variant_id)
        .where(
            ListingSource.listing_variant_id.in_(listing_variant_ids),
            ListingSource.state == "linked",
            (ListingSource.component > 0) | (ListingSource.kind == "origin"),
        )
        .order_by(ListingSource.listing_variant_id, ListingSource.component, ListingSource.rank)
    ).all()
    currencies = {source.listing_variant_id: currency for source, _, currency in rows if source.kind == "origin"}
    costs: dict[UUID, int] = {}
    untold: dict[UUID, tuple[str, str]] = {}
    seen: set[tuple[UUID, int]] = set()
    for source, price, currency in rows:
        key = (source.listing_variant_id, source.component)
        if key in seen:
            continue
        seen.add(key)
        own = currencies[source.listing_variant_id]
        rate = known_rate(session, currency, own)
        if rate is None:
            untold[source.listing_variant_id] = (currency, own)
            continue
        added = converted(Money(price * source.per_unit, currency), rate=rate, currency=own).minor
        costs[source.listing_variant_id] = costs.get(source.listing_variant_id, 0) + added
    whole = {one for one, component in seen if component} | {
        source.listing_variant_id for source, _, _ in rows if source.per_unit > 1
    }
    known = {one: cost for one, cost in costs.items() if one in whole and one not in untold}
    return BundleCosts(known, untold)


def price_variant(
    variant: SupplierVariant,
    rule: Rule,
    own_price: int | None,
    currency: str,
    rate: Decimal,
    bundle_cost: int | None = None,
) -> Priced:
    """The retailer's own price where it set one, else the rule's; compare-at is the MSRP where that is higher. A bundle
    costs ``bundle_cost`` (minor units of the variant's currency) and has no MSRP."""
    cost = Money(variant.wholesale_price if bundle_cost is None else bundle_cost, variant.currency)
    price = own_price if own_price is not None else retail_price(cost, rule, rate=rate, currency=currency).minor
    msrp = None
    if variant.msrp and bundle_cost is None:
        msrp = converted(Money(variant.msrp, variant.currency), rate=rate, currency=currency).minor
    return Priced(
        price=price,
        compare_at=msrp if msrp is not None and msrp > price else None,
        cost=converted(cost, rate=rate, currency=currency).minor,
    )
