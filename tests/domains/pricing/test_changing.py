"""A changed rule, a found rate, and what they do to prices that are listed."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.models import SupplierProduct, SupplierVariant
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.listings import service as listings
from app.listings.models import Listing, ListingVariant
from app.listings.service import Edit, ImportRequest, add_to_import_list
from app.listings.service.pricing_of_listings import rate_between
from app.outbox.models import OutboxEvent
from app.pricing.models import ExchangeRate, PriceRule
from app.pricing.queries import exchange_rate
from app.pricing.service import PriceRuleChanged, change_rule, default_rule, rule_of
from tests import factories as make


def rate(session: Session, base: str, quote: str, value: str, at: datetime) -> None:
    session.add(ExchangeRate(base=base, quote=quote, rate=Decimal(value), as_of=at, source="test"))
    session.flush()


def listed(session: Session, *, currency: str = "USD", supplier_currency: str = "USD") -> Listing:
    """A product that costs 10.00, live in a store."""
    supplier = make.supplier(session, currency=supplier_currency)
    (variant,) = make.product(session, supplier, wholesale="10.00")
    store = make.store(session, make.retailer(session, currency=currency))
    return make.live_listing(session, store, session.get_one(SupplierVariant, variant).product_id)


def price_of(session: Session, listing: Listing) -> int:
    session.expire_all()
    return session.scalars(select(ListingVariant.wanted_price).where(ListingVariant.listing_id == listing.id)).one()


def test_the_default_rule_is_made_once(session: Session) -> None:
    retailer = make.retailer(session)
    assert default_rule(session, retailer.id).id == default_rule(session, retailer.id).id
    assert len(session.scalars(select(PriceRule).where(PriceRule.retailer_id == retailer.id)).all()) == 1


def test_a_changed_rule_prices_its_listings_again_and_no_others(session: Session) -> None:
    mine, stranger = listed(session), listed(session)
    rule = default_rule(session, mine.retailer_id)
    version = rule.version
    change_rule(session, mine.retailer_id, rule.id, markup_bps=10_000, rounding="none")
    session.flush()
    assert rule.version == version + 1
    told = session.scalars(select(OutboxEvent).where(OutboxEvent.topic == PriceRuleChanged.topic)).all()
    assert [event.payload["rule_id"] for event in told] == [str(rule.id)]
    listings.follow_price_rule(session, rule.id)
    session.flush()
    assert (price_of(session, mine), price_of(session, stranger)) == (2000, 1699)


@pytest.mark.parametrize(
    ("markup", "rounding", "field"),
    [(-1, "none", "markup_percent"), (1_000_001, "none", "markup_percent"), (100, "up", "rounding")],
)
def test_a_rule_that_makes_no_sense_is_refused_by_its_field(
    session: Session, markup: int, rounding: str, field: str
) -> None:
    retailer = make.retailer(session)
    rule = default_rule(session, retailer.id)
    with pytest.raises(Invalid) as caught:
        change_rule(session, retailer.id, rule.id, markup_bps=markup, rounding=rounding)
    assert [error.field for error in caught.value.errors] == [field]
    assert (rule.markup_bps, rule.rounding, rule.version) == (6000, "to_99", 1)


def test_another_retailer_s_rule_does_not_exist(session: Session) -> None:
    rule, stranger = default_rule(session, make.retailer(session).id), make.retailer(session)
    with pytest.raises(NotFound):
        rule_of(session, stranger.id, rule.id)
    with pytest.raises(NotFound):
        change_rule(session, stranger.id, rule.id, markup_bps=0, rounding="none")
    with pytest.raises(NotFound):
        rule_of(session, stranger.id, uuid4())


def test_a_rate_is_the_newest_that_was_known_then_or_the_reciprocal(session: Session) -> None:
    now = clock.now()
    rate(session, "EUR", "USD", "1.10", now - timedelta(days=2))
    rate(session, "EUR", "USD", "1.25", now - timedelta(hours=1))
    rate(session, "EUR", "USD", "9.99", now + timedelta(hours=1))

    def at(base: str, quote: str, moment: datetime) -> Decimal | None:
        found = exchange_rate(session, base, quote, moment)
        return found[0] if found else None

    assert at("EUR", "USD", now) == Decimal("1.25")
    assert at("EUR", "USD", now - timedelta(days=1)) == Decimal("1.10")
    assert at("EUR", "USD", now - timedelta(days=3)) is None
    assert at("USD", "EUR", now) == Decimal("0.8")
    assert at("USD", "USD", now) == Decimal(1)
    assert at("USD", "GBP", now) is None
    with pytest.raises(Conflict):
        rate_between(session, "USD", "GBP")


def test_a_product_in_another_currency_is_listed_at_its_rate_and_not_without_one(session: Session) -> None:
    supplier = make.supplier(session, currency="EUR")
    (variant,) = make.product(session, supplier, wholesale="10.00")
    product_id = session.get_one(SupplierVariant, variant).product_id
    store = make.store(session, make.retailer(session, currency="JPY"))
    with pytest.raises(Conflict) as caught:
        add_to_import_list(session, store, ImportRequest(product_id=product_id))
    assert caught.value.code == "no_exchange_rate"
    rate(session, "EUR", "JPY", "160.5", clock.now() - timedelta(hours=1))
    listing = add_to_import_list(session, store, ImportRequest(product_id=product_id))
    (row,) = listing.variants
    assert (row.wanted_price, row.wanted_cost) == (2569, 1605), "1605 and 60 percent is 2568; yen end in 9"


def test_an_own_price_stands_whatever_the_rule_becomes(session: Session) -> None:
    listing = listed(session)
    row = session.scalars(select(ListingVariant).where(ListingVariant.listing_id == listing.id)).one()
    listings.edit(session, listing.retailer_id, listing.id, listings.Edit(prices={row.variant_id: 500}))
    rule = default_rule(session, listing.retailer_id)
    change_rule(session, listing.retailer_id, rule.id, markup_bps=90_000, rounding="none")
    session.flush()
    listings.follow_price_rule(session, rule.id)
    session.flush()
    assert price_of(session, listing) == 500
    for price in (0, -1, 10**12):
        with pytest.raises(Invalid):
            listings.edit(session, listing.retailer_id, listing.id, listings.Edit(prices={row.variant_id: price}))


def test_a_bundle_with_a_part_whose_currency_has_no_rate_is_said_plainly(session: Session) -> None:
    dollars, euros = make.supplier(session), make.supplier(session, "Kanto", currency="EUR")
    (lamp,), (shade,) = (
        make.product(session, dollars, wholesale="10.00"),
        make.product(session, euros, wholesale="5.00"),
    )
    product = session.get_one(SupplierProduct, session.get_one(SupplierVariant, lamp).product_id)
    shop = make.retailer(session)
    listing = make.live_listing(session, make.store(session, shop), product.id)
    (row,) = listing.variants
    listings.link_source(session, shop.id, row.id, shade, component=1)
    with pytest.raises(Conflict) as caught:
        listings.edit(session, shop.id, listing.id, Edit(price_rule_id=default_rule(session, shop.id).id))
    assert caught.value.detail.startswith("A part of this bundle is sold in EUR, and no exchange rate from EUR to USD")
    price = row.wanted_price
    product.title = "Lamp with a shade"
    listings.follow_products(session, [product.id])
    session.refresh(listing)
    assert (listing.title, row.wanted_price) == ("Lamp with a shade", price), "only its price waits for a rate"
