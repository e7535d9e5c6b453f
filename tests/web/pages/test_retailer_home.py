"""A retailer's first page: what waits for it, and how the last thirty of its own days went."""

from __future__ import annotations

from datetime import UTC, timedelta

import time_machine
from bs4 import BeautifulSoup
from sqlalchemy import update

from app import db
from app.identity.models import Organisation
from app.kit import clock
from app.orders.models import Order
from app.purchasing.service import place_order
from tests import factories
from tests.market import Market
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_settings import member


def needs(browser: Browser) -> dict[str, tuple[int, str]]:
    """The rows of what waits: how many, and where they lead."""
    page = BeautifulSoup(browser.get("/app/").text, "html.parser")
    rows = page.select("div[aria-label='Needs you'] tbody tr")
    return {
        row.select("a")[0].get_text(): (int(row.select("td")[1].get_text()), str(row.select("a")[0]["href"]))
        for row in rows
    }


def test_what_waits_for_the_retailer_stands_first_and_leads_to_just_that(market: Market) -> None:
    browser, _ = member(market, "retailer")
    assert needs(browser) == {}
    order = market.place()
    assert "Nothing waits for you" in text_of(browser.get("/app/"))
    with db.system_scope(actor="test"), db.transaction() as session:
        retailer = session.get_one(Organisation, market.retailer.id)
        factories.live_listing(session, factories.store(session, retailer), market.lamp.product_id).state = "FAILED"
        wanted = factories.order_of(
            retailer, {market.lamp.variants[0]: 1}, trouble="hold", ship_to=factories.address(city="")
        )
        held = place_order(session, wanted).order_id
    count, where = needs(browser)["On hold"]
    assert count == 1
    listed = browser.get(where).text
    assert str(held) in listed and order["id"] not in listed
    count, where = needs(browser)["Listings in trouble"]
    assert (count, "Desk lamp" in text_of(browser.get(where))) == (1, True)


def test_the_days_of_the_figures_are_the_retailers_own(market: Market) -> None:
    """In Tokyo a new day has begun while it is still yesterday in Greenwich."""
    with db.system_scope(actor="test"), db.transaction() as session:
        session.get_one(Organisation, market.retailer.id).timezone = "Asia/Tokyo"
    evening = clock.now().astimezone(UTC).replace(hour=22, minute=30)
    evening += timedelta(days=0 if evening > clock.now() else 1)
    with time_machine.travel(evening, tick=True):
        market.place((market.lamp.variants[0], 2))
        browser, _ = member(market, "retailer")
        home = text_of(browser.get("/app/"))
        assert "Sales, 30 days $50.00" in home and "Orders, 30 days 1" in home
        assert market.retailer.api.get("/api/analytics/sales").json["totals"]["orders"] == 1


def test_who_may_not_see_money_sees_none_and_a_missing_rate_hides_no_page(market: Market) -> None:
    market.place()
    packer, _ = member(market, "retailer", "retailer_fulfilment")
    home = text_of(packer.get("/app/"))
    assert "Orders, 30 days 1" in home and "Sales" not in home and "Profit" not in home
    with db.system_scope(actor="test"), db.transaction() as session:
        session.execute(update(Order).values(currency="CHF"))
    browser, _ = member(market, "retailer")
    answer = browser.get("/app/")
    assert answer.status_code == 200
    assert "Your sales can't be added up There is no exchange rate" in text_of(answer)
