"""A product's page for retailers: what it costs at the door, here and elsewhere."""

from __future__ import annotations

from decimal import Decimal

from app import db
from app.catalog.models import SupplierProduct, SupplierVariant
from app.pricing.service import set_rate
from app.suppliers.rules import Rate
from app.suppliers.service import set_rates
from tests import factories
from tests.market import Market
from tests.web.browsing import text_of
from tests.web.pages.test_settings import member


def _numbered(market: Market, gtin: str) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        session.get_one(SupplierVariant, market.lamp.variants[0]).gtin = gtin


def test_offers_of_the_same_article_stand_side_by_side_the_cheapest_at_the_door_first(market: Market) -> None:
    _numbered(market, "0036000291452")
    with db.system_scope(actor="test"), db.transaction() as session:
        third = factories.supplier(session, "Zuiderlicht", country="NL", handling_days=3)
        set_rates(session, third.id, [Rate("Near", ("NL",), 100, 0, 1, 1)])
        (variant_id,) = factories.product(session, third, title="Lamp for desks", wholesale="9.00", stock=7)
        variant = session.get_one(SupplierVariant, variant_id)
        variant.gtin = "036000291452"
        other_product = variant.product_id
    browser, _ = member(market, "retailer")
    page = browser.get(f"/app/products/{market.lamp.product_id}", query_string={"ships_to": "NL"})
    shown = text_of(page)
    assert "The same article from others" in shown
    assert f"/app/products/{other_product}" in page.text
    # 9.00 and 1.00 for the parcel against 10.00 and 5.00.
    assert shown.index("$10.00", shown.index("At the door")) < shown.index("$15.00")
    abroad = text_of(browser.get(f"/app/products/{market.lamp.product_id}", query_string={"ships_to": "US"}))
    assert "not sent there" in abroad


def test_an_article_that_nobody_else_has_is_not_compared(market: Market) -> None:
    _numbered(market, "4006381333931")
    browser, _ = member(market, "retailer")
    page = browser.get(f"/app/products/{market.lamp.product_id}")
    assert page.status_code == 200
    assert "The same article from others" not in text_of(page)
    with db.system_scope(actor="test"), db.transaction() as session:
        other = session.get_one(SupplierVariant, market.chair.variants[0])
        other.gtin = "4006381333931"
        session.get_one(SupplierProduct, other.product_id).status = "draft"
    assert "The same article from others" not in text_of(browser.get(f"/app/products/{market.lamp.product_id}"))


def test_a_product_in_another_currency_is_shown_before_there_is_a_rate(market: Market) -> None:
    """What it costs can be read; only the retailer's own price waits for the rate, and the page says so."""
    with db.system_scope(actor="test"), db.transaction() as session:
        seller = factories.supplier(session, "Zuiderlicht", country="NL", currency="EUR")
        set_rates(session, seller.id, [Rate("Far", ("*",), 900, 100, 5, 9)])
        (variant_id,) = factories.product(session, seller, title="Paper lantern", wholesale="12.00", stock=7)
        variant = session.get_one(SupplierVariant, variant_id)
        product_id, sku = variant.product_id, variant.sku
    browser, _ = member(market, "retailer")
    page = browser.get(f"/app/products/{product_id}")
    shown = text_of(page)
    assert page.status_code == 200
    assert "€12.00" in shown and sku in shown and "Netherlands" in shown
    assert "No exchange rate from EUR to USD is known yet." in shown
    assert "Add to the import list" not in shown
    with db.system_scope(actor="test"), db.transaction() as session:
        set_rate(session, base="EUR", quote="USD", rate=Decimal("1.10"), source="test")
    after = text_of(browser.get(f"/app/products/{product_id}"))
    assert "No exchange rate" not in after and "Add to the import list" in after
