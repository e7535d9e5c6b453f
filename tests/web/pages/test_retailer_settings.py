"""A retailer's settings: each store's own page, the price rule, and what each role may change there."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from app import db
from app.identity.models import Organisation
from app.stores.models import Store
from tests import factories
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, problems_in, text_of
from tests.web.pages.test_accounts import last_link
from tests.web.pages.test_settings import member

SETTINGS = "/app/settings"


def store_of(market: Market) -> Store:
    with db.system_scope(actor="test"), db.transaction() as session:
        return session.get_one(Store, market.store_id)


def test_what_is_refused_is_told_at_its_field_and_what_was_typed_stays(market: Market) -> None:
    browser, _ = member(market, "retailer")
    page = f"{SETTINGS}/stores/{market.store_id}"
    assert page in browser.get(SETTINGS).text
    refused = browser.submit(page, "/buffer", percent="95", units="3", cap="0")
    assert (refused.status_code, set(problems_in(refused))) == (422, {"percent", "cap"})
    typed = BeautifulSoup(refused.text, "html.parser").select_one("[name=percent]")
    assert typed is not None and typed["value"] == "95"
    for name, value in (("value_factor", "7"), ("velocity", "")):
        assert set(problems_in(browser.submit(page, "/risks", **{name: value}))) == {name}
    assert set(problems_in(browser.submit(page, "/unlinked", unlinked_lines="maybe"))) == {"unlinked_lines"}
    assert set(problems_in(browser.submit(SETTINGS, "/stores", platform="custom", url="not a shop"))) == {"url"}
    for markup in ("NaN", "Infinity", "1e9", "-3", "many", "10001", ""):
        refused = browser.submit(SETTINGS, f"/rule/{rule_id(browser)}", markup_percent=markup)
        assert (refused.status_code, set(problems_in(refused))) == (422, {"markup_percent"}), markup
    assert browser.submit(SETTINGS, f"/rule/{rule_id(browser)}", markup_percent="2500,5").status_code == 303
    assert "2500.5" in browser.get(SETTINGS).text


def rule_id(browser: Browser) -> str:
    form = BeautifulSoup(browser.get(SETTINGS).text, "html.parser").select_one("form[action*='/rule/']")
    assert form is not None
    return str(form["action"]).rsplit("/", 1)[-1]


def test_a_cap_of_what_is_shown_outlives_another_buffer(market: Market) -> None:
    """It used to be set by the API alone, and lost with the next save of the page."""
    browser, _ = member(market, "retailer")
    page = f"{SETTINGS}/stores/{market.store_id}"
    assert browser.submit(page, "/buffer", percent="10", units="0", cap="25").status_code == 303
    assert browser.submit(page, "/buffer", percent="20").status_code == 303
    assert (store_of(market).buffer_percent, store_of(market).quantity_cap) == (20, 25)
    assert browser.submit(page, "/buffer", cap="").status_code == 303
    assert store_of(market).quantity_cap is None


@pytest.mark.parametrize("role", ["retailer_manager", "retailer_fulfilment", "retailer_readonly"])
def test_a_role_is_offered_no_change_that_it_may_not_make(market: Market, role: str) -> None:
    """On no page: what a form or a link leads to is never forbidden."""
    browser, _ = member(market, "retailer", role)
    order_id = market.place()["id"]
    pages = [
        "/app/", "/app/products", f"/app/products/{market.lamp.product_id}", "/app/suppliers",
        f"/app/suppliers/{market.supplier.id}", "/app/import-list", "/app/listings", "/app/orders", "/app/orders/new",
        f"/app/orders/{order_id}",
        "/app/returns", "/app/returns/requests", "/app/returns/settings", "/app/routing", "/app/billing",
        "/app/exceptions", SETTINGS, f"{SETTINGS}/stores/{market.store_id}", "/app/notices",
    ]  # fmt: skip
    opened = [page for page in pages if browser.get(page).status_code == 200]
    assert SETTINGS in opened
    offered: set[str] = set()
    for page in opened:
        body = BeautifulSoup(browser.get(page).text, "html.parser")
        offered |= {f"GET {one['href']}" for one in body.select("a[href^='/app']")}
        offered |= {f"POST {one['action']}" for one in body.select("main form[method=post]")}
    forbidden = []
    for way, address in sorted(one.split(" ", 1) for one in offered):
        # A form without the word of its page is refused before its role is looked at.
        answer = browser.get(address) if way == "GET" else browser.post(address, {**word(browser), "_probe": "1"})
        if answer.status_code == 403:
            forbidden.append(f"{way} {address}")
    assert forbidden == []


def word(browser: Browser) -> dict[str, str]:
    found = browser.form("/app/", "/sign-out").select_one("[name=csrf_token]")
    assert found is not None
    return {"csrf_token": str(found["value"])}


def test_an_invitation_to_a_wrong_address_is_withdrawn(market: Market, jobs: Jobs) -> None:
    boss, _ = member(market, "retailer")
    boss.submit(SETTINGS, "/team", email="wrong@example.com", role="retailer_owner")
    link = last_link(market, jobs, "wrong@example.com", "invitation")
    stranger, earlier = Browser(market.app), link
    assert stranger.get(link).status_code == 200
    boss.submit(SETTINGS, "/team", email="wrong@example.com", role="retailer_manager")
    link = last_link(market, jobs, "wrong@example.com", "invitation")
    assert (stranger.get(earlier).status_code, stranger.get(link).status_code) == (410, 200), "the newest alone counts"
    form = BeautifulSoup(boss.get(SETTINGS).text, "html.parser").select_one("form[action$='/withdraw']")
    assert form is not None
    other = Browser(market.app)
    with db.system_scope(actor="test"), db.transaction() as session:
        elsewhere = session.get_one(Organisation, market.other_retailer.id)
        email = factories.member(session, elsewhere, "retailer_owner").email
    other.sign_in(email)
    assert other.post(str(form["action"]), word(other)).status_code == 404
    assert stranger.get(link).status_code == 200
    assert boss.submit(SETTINGS, str(form["action"])).status_code == 303
    assert stranger.get(link).status_code == 410
    assert "wrong@example.com" not in text_of(boss.get(SETTINGS))
    assert boss.post(str(form["action"]), word(boss)).status_code == 404
