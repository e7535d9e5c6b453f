"""A product's page for retailers: what it costs at the door, here and elsewhere."""

from __future__ import annotations

from app import db
from app.catalog.models import SupplierProduct, SupplierVariant
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
