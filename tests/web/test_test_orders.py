"""Test orders of a store are shown as such: nobody is charged and no supplier is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any

import orjson
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from app import db
from app.config import settings
from app.identity.models import Organisation
from app.inbox.models import InboxMessage
from app.listings.models import ListingVariant
from app.notifications.models import Email, Notice
from tests import factories
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from workers.registry import jobs as registered

SHOP = "test-orders.myshopify.com"


@pytest.fixture
def external_variant(market: Market, monkeypatch: pytest.MonkeyPatch) -> str:
    """A variant of Northwind's Shopify store that is ours to deliver. Nobody answers at the store."""
    deaf = replace(registered()["push_store"], function=lambda *_: None)
    monkeypatch.setitem(registered(), "push_store", deaf)  # type: ignore[misc, arg-type]
    with db.system_scope(actor="test"), db.transaction() as session:
        store = factories.store(session, session.get_one(Organisation, market.retailer.id), shop=SHOP)
        listing = factories.live_listing(session, store, market.lamp.product_id)
        wanted = {row.variant_id: row for row in listing.variants}[market.lamp.variants[0]]
        return str(wanted.external_id)


def send(market: Market, topic: str, number: int, **body: Any) -> None:
    """A signed hook of the store."""
    content = orjson.dumps({"id": number, "admin_graphql_api_id": f"gid://shopify/Order/{number}", **body})
    secret = settings().shopify_client_secret.get_secret_value().encode()
    answer = market.app.test_client().post(
        "/hooks/shopify",
        data=content,
        headers={
            "X-Shopify-Hmac-Sha256": base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode(),
            "X-Shopify-Shop-Domain": SHOP,
            "X-Shopify-Topic": topic,
            "X-Shopify-Webhook-Id": f"{topic}-{number}",
            "Content-Type": "application/json",
        },
    )
    assert answer.status_code == 200, answer.text


def paid(market: Market, number: int, variant: str, *, test: bool) -> None:
    """An order of two lamps was paid."""
    send(
        market,
        "orders/paid",
        number,
        name=f"#{number}",
        currency="USD",
        financial_status="paid",
        test=test,
        line_items=[
            {"id": number * 10, "variant_id": int(variant.rsplit("/", 1)[1]), "quantity": 2, "price": "25.00"},
        ],
        shipping_address={
            "name": "Ada Lovelace",
            "address1": "12 St James's Square",
            "city": "London",
            "zip": "SW1Y 4JH",
            "country_code": "GB",
        },
    )


def owner(market: Market) -> Browser:
    """Somebody of Northwind, signed in."""
    with db.system_scope(actor="test"), db.transaction() as session:
        person = factories.member(session, session.get_one(Organisation, market.retailer.id), "retailer_owner")
    browser = Browser(market.app)
    browser.sign_in(person.email)
    return browser


def test_a_test_order_charges_nobody_reaches_no_supplier_and_takes_no_stock(
    market: Market, jobs: Jobs, external_variant: str
) -> None:
    jobs.drain()
    pushed = market.count("tasks where job = 'push_store'")
    paid(market, 1001, external_variant, test=True)
    jobs.drain()
    for table in ("purchase_orders", "charges", "reservations"):
        assert market.count(table) == 0, table
    assert market.stock(market.lamp.variants[0]) == {"on_hand": 10, "reserved": 0}
    with db.system_scope(actor="test"), db.transaction() as session:
        (outcome,) = session.scalars(select(InboxMessage.outcome))
        assert outcome is not None
        assert outcome.startswith("test order ")
        assert outcome.endswith(" written down")
        notices = session.scalars(select(Notice).where(Notice.organisation_id == market.retailer.id))
        assert [one.title for one in notices if "1001" in one.title] == ["Order #1001 is a test"]
        assert session.scalars(select(Email).where(Email.kind == "order_held")).all() == []
        row = session.scalars(select(ListingVariant).where(ListingVariant.external_id == external_variant)).one()
        assert (row.wanted_quantity, row.store_quantity) == (9, 7)
    assert market.count("tasks where job = 'push_store'") == pushed + 1, "the store is to show them again"


def test_an_order_that_is_none_goes_its_way(market: Market, jobs: Jobs, external_variant: str) -> None:
    paid(market, 1002, external_variant, test=False)
    jobs.drain()
    assert market.count("purchase_orders") == 1
    assert market.count("charges") == 1


def test_the_retailer_sees_that_it_is_a_test_and_can_not_send_it_on(
    market: Market, jobs: Jobs, external_variant: str
) -> None:
    paid(market, 1003, external_variant, test=True)
    jobs.drain()
    browser = owner(market)
    listed = browser.get("/app/orders")
    row = BeautifulSoup(listed.text, "html.parser").select_one("tbody tr")
    assert row is not None
    assert "Test" in row.get_text()
    link = row.select_one("a")
    assert link is not None
    page = str(link["href"])
    shown = text_of(browser.get(page))
    assert "This is a test order" in shown
    assert "no supplier is told" in shown
    assert "Try again" not in shown
    sent = {str(field["name"]): str(field["value"]) for field in browser.form(page, "/cancel").select("input")}
    assert browser.post(f"{page}/resume", sent).status_code == 303
    jobs.drain()
    assert market.count("purchase_orders") == 0
    assert market.count("charges") == 0


def test_cancelling_it_in_the_store_ends_it(market: Market, jobs: Jobs, external_variant: str) -> None:
    paid(market, 1004, external_variant, test=True)
    jobs.drain()
    send(market, "orders/cancelled", 1004, cancelled_at="2026-11-01T10:00:00Z")
    jobs.drain()
    shown = market.retailer.api.get("/api/orders").json["items"][0]
    assert (shown["status"], shown["holds"]) == ("CANCELLED", [])
    assert market.count("charges") == 0
