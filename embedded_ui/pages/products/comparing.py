"""The same article from several suppliers, side by side: what one unit costs at the shopper's door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from app.catalog import queries as catalog
from app.catalog.models import SupplierVariant
from app.inventory.queries import NOTHING, availability
from app.kit.money import Money
from app.listings.service.pricing_of_listings import known_rate
from app.suppliers import queries as suppliers
from app.suppliers.models import Supplier, SupplierCard
from app.suppliers.rules import Parcel, Rate, rate_for
from app.suppliers.rules.shipping import price_of
from app.suppliers.scorecards import cards
from app.web.scorecard_words import short


@dataclass(frozen=True, slots=True)
class Delivery:
    """One unit sent to a country: minor units of the supplier's currency, and days after it has left."""

    method: str
    cost: int
    days_min: int
    days_max: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What one supplier asks for an article; amounts in minor units of its own currency. ``delivery`` is None where
    it does not send there; ``order_fee`` is asked once for each order; ``landed`` is all three in the reader's
    currency, None where that is unknown; ``reliability`` is in words."""

    product_id: UUID
    supplier_name: str
    sku: str
    gtin: str
    cost: int
    currency: str
    delivery: Delivery | None
    order_fee: int
    landed: int | None
    free: int
    handling_days: int
    reliability: str
    this: bool


def delivery(rates: Sequence[Rate], country: str, variant: SupplierVariant) -> Delivery | None:
    """The cheapest way for one unit; None: not sent there."""
    parcel = Parcel(1, variant.weight_grams or 0, variant.wholesale_price)
    rate = rate_for(rates, country, parcel)
    cost = price_of(rate, parcel) if rate else None
    if rate is None or cost is None:
        return None
    return Delivery(rate.name, cost, rate.transit_days_min, rate.transit_days_max)


def offers(session: Session, product_id: UUID, gtins: Sequence[str], country: str, currency: str) -> list[Offer]:
    """All offers of the articles of a product, its own among them, cheapest at the door first; empty where nobody else
    has any."""
    found = catalog.with_gtins(session, gtins)
    if all(variant.product_id == product_id for variant, _ in found):
        return []
    rates = suppliers.rates_of(session, {seller.id for _, seller in found})
    stock = availability(session, [variant.id for variant, _ in found])
    known = cards(session, {seller.id for _, seller in found})
    exchange: dict[str, Decimal | None] = {}
    made = []
    for variant, seller in found:
        if variant.currency not in exchange:
            exchange[variant.currency] = known_rate(session, variant.currency, currency)
        made.append(
            _offer(
                variant,
                seller,
                delivery(rates[seller.id], country, variant),
                exchange[variant.currency],
                currency,
                stock.get(variant.id, NOTHING).for_sale,
                known.get(seller.id),
                this=variant.product_id == product_id,
            )
        )
    return sorted(made, key=lambda one: (one.landed is None, one.landed or 0, one.supplier_name, one.sku))


def _offer(
    variant: SupplierVariant,
    seller: Supplier,
    sent: Delivery | None,
    rate: Decimal | None,
    currency: str,
    free: int,
    card: SupplierCard | None,
    *,
    this: bool,
) -> Offer:
    landed = None
    if sent is not None and rate is not None:
        whole = Money(variant.wholesale_price + sent.cost + seller.order_fee, variant.currency).decimal * rate
        landed = Money.of_decimal(whole, currency).minor
    return Offer(
        variant.product_id,
        seller.company_name,
        variant.sku,
        variant.gtin or "",
        variant.wholesale_price,
        variant.currency,
        sent,
        seller.order_fee,
        landed,
        free,
        seller.handling_days,
        short(card),
        this,
    )
