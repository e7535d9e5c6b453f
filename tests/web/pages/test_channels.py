"""How orders reach a supplier, on its pages: chosen, tried, changed; and what people do where one did not arrive."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app import db
from app.kit import clock
from app.purchasing.service.channels import setting_of, settings_of
from tests.market import Market
from tests.simulators.supplier_api.server import Server, serving
from tests.simulators.supplier_api.world import World
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_settings import member

PAGE = "/supplier/settings/channel"
API = f"{PAGE}?channel=api"


@pytest.fixture
def server(set_up: Callable[..., None]) -> Iterator[Server]:
    """A supplier's system on loopback, which this installation may reach."""
    set_up(outbound_allowed_hosts="127.0.0.1")
    with serving(World(tolerance=10 * 24 * 3600)) as found:
        yield found


def use_api(browser: Browser, server: Server, **values: str) -> str:
    """Choose the supplier's own system on the page. Returns the secret that was shown."""
    answer = browser.submit(API, PAGE, url=server.url, **values)
    assert answer.status_code == 200, answer.text
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", answer.text))
    server.world.secret = secret
    return str(secret)


def order(market: Market, jobs: Jobs) -> dict[str, Any]:
    """An order of lamps, and all that follows."""
    placed = market.place((market.lamp.variants[0], 1))
    jobs.drain()
    return placed


def test_a_supplier_chooses_its_system_and_tries_it(server: Server, market: Market, jobs: Jobs) -> None:
    browser, _ = member(market, "supplier")
    assert "E-mail" in text_of(browser.get(PAGE))
    secret = use_api(browser, server, tells="1", authorization="Bearer x")
    server.world.authorization = "Bearer x"
    page = browser.get(PAGE)
    assert secret not in page.text and "Bearer x" not in page.text
    assert "It is kept" in page.text

    answer = browser.submit(PAGE, "/channel/test")
    assert "The test went well" in text_of(answer)
    assert server.world.tests == 1 and server.world.asked == ["0000-TEST"]

    # Saved again without the secret: it stays.
    assert browser.submit(PAGE, PAGE, url=server.url).status_code == 303
    with db.system_scope(actor="test"), db.transaction() as session:
        row = setting_of(session, market.supplier.id)
        assert row is not None
        assert settings_of(row).secrets["authorization"] == "Bearer x"

    placed = order(market, jobs)
    number = placed["purchase_orders"][0]["number"]
    assert number in server.world.orders
    shown = text_of(browser.get(f"/supplier/purchase-orders/{placed['purchase_orders'][0]['id']}"))
    assert "Received by the supplier" in shown and "SO-0001" in shown
    retailer, _ = member(market, "retailer")
    assert "Received by the supplier" in text_of(retailer.get(f"/app/orders/{placed['id']}"))


def test_a_new_secret_signs_beside_the_old_one(server: Server, market: Market, jobs: Jobs) -> None:
    browser, _ = member(market, "supplier")
    old = use_api(browser, server)
    answer = browser.submit(PAGE, "/channel/secret")
    (new,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", answer.text))
    assert new != old
    for known in (old, new):
        server.world.secret = known
        assert "went well" in text_of(browser.submit(PAGE, "/channel/test"))
    with clock.shifted(timedelta(days=2)):
        browser, _ = member(market, "supplier")
        server.world.secret = old
        assert "The signature is wrong" in text_of(browser.submit(PAGE, "/channel/test"))


def test_a_secret_is_never_sent_to_an_address_that_it_was_not_given_for(server: Server, market: Market) -> None:
    browser, _ = member(market, "supplier")
    use_api(browser, server, authorization="Bearer x")
    answer = browser.submit(PAGE, PAGE, url="https://elsewhere.example/orders")
    assert answer.status_code == 422
    assert "give this again" in text_of(answer)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"url": ""}, "This is needed"),
        ({"url": "ftp://erp.example/"}, "must begin with https"),
        ({"url": "https://me:secret@erp.example/"}, "Leave user names"),
        ({"url": "https://erp.example/", "when": "gathered", "times": "10:00"}, "Choose at least one day"),
        ({"url": "https://erp.example/", "when": "gathered", "days": ["0"], "times": ""}, "Say at which times"),
        ({"url": "https://erp.example/", "when": "gathered", "days": ["0"], "times": "25:00"}, "Write times such as"),
    ],
)
def test_what_can_not_be_used_is_refused_with_the_reason(market: Market, values: dict[str, Any], problem: str) -> None:
    browser, _ = member(market, "supplier")
    answer = browser.submit(API, PAGE, **values)
    assert answer.status_code == 422
    assert problem in text_of(answer)
    with db.system_scope(actor="test"), db.transaction() as session:
        assert setting_of(session, market.supplier.id) is None


def test_a_failing_test_says_why(server: Server, market: Market) -> None:
    browser, _ = member(market, "supplier")
    use_api(browser, server)
    server.world.fail_next("unauthorized")
    shown = text_of(browser.submit(PAGE, "/channel/test"))
    assert "The test failed" in shown and "refuses our sign-in" in shown


def test_a_gathered_order_says_when_it_goes_and_can_go_at_once(market: Market, jobs: Jobs) -> None:
    browser, _ = member(market, "supplier")
    soon = clock.now() + timedelta(hours=3)
    days = [str(day) for day in range(7)]
    answer = browser.submit(PAGE, PAGE, when="gathered", days=days, times=f"{soon:%H:%M}", cutoff_minutes="15")
    assert answer.status_code == 303
    assert "Gathered, at your times" in text_of(browser.get(PAGE))
    placed = order(market, jobs)
    page = f"/supplier/purchase-orders/{placed['purchase_orders'][0]['id']}"
    shown = text_of(browser.get(page))
    assert "Waits to be sent" in shown and f"{soon:%H:%M}" in shown
    retailer, _ = member(market, "retailer")
    assert "goes to Nordlicht with the batch of" in text_of(retailer.get(f"/app/orders/{placed['id']}"))
    form = next(one for one in _forms(browser, page) if one.endswith("/now"))
    assert browser.submit(page, form).status_code == 303
    jobs.drain()
    assert "Waits to be sent" not in text_of(browser.get(page))
    assert browser.post(form, {"csrf_token": _token(browser, page)}).status_code == 409


@pytest.mark.parametrize("who", ["supplier", "platform"])
def test_people_say_whether_it_arrived(server: Server, market: Market, jobs: Jobs, who: str) -> None:
    browser, _ = member(market, "supplier")
    use_api(browser, server)
    server.world.fail_next("drop_before")
    placed = order(market, jobs)
    number = placed["purchase_orders"][0]["number"]
    page = f"/supplier/purchase-orders/{placed['purchase_orders'][0]['id']}"
    assert "Checking with the supplier" in text_of(browser.get(page))
    assert not [one for one in _forms(browser, page) if "/sent/" in one]
    with clock.shifted(timedelta(minutes=2)):
        jobs.run_scheduled("schedule_dispatches")
    if who == "platform":
        browser, _ = member(market, "platform")
        page = f"/console/orders/{placed['id']}"
    assert "Did it arrive?" in text_of(browser.get(page))
    form = next(one for one in _forms(browser, page) if one.endswith("/not-arrived"))
    assert browser.submit(page, form).status_code == 303
    jobs.drain()
    assert server.world.orders[number].seen == 1
    assert "Received by the supplier" in text_of(browser.get(page))


def test_nobody_else_may_touch_it(server: Server, market: Market, jobs: Jobs) -> None:
    browser, _ = member(market, "supplier")
    use_api(browser, server)
    server.world.fail_next("refuse")
    placed = order(market, jobs)
    purchase_order_id = placed["purchase_orders"][0]["id"]
    page = f"/supplier/purchase-orders/{purchase_order_id}"
    assert "We do not carry LAMP" in text_of(browser.get(page))
    form = next(one for one in _forms(browser, page) if one.endswith("/again"))
    reading, _ = member(market, "supplier", "supplier_finance")
    assert not [one for one in _forms(reading, page) if "/sent/" in one]
    elsewhere = form.replace(purchase_order_id, str(UUID(int=7)))
    assert browser.post(elsewhere, {"csrf_token": _token(browser, page)}).status_code == 404
    retailer, _ = member(market, "retailer")
    assert "We do not carry LAMP" not in text_of(retailer.get(f"/app/orders/{placed['id']}"))


def _forms(browser: Browser, page: str) -> list[str]:
    return re.findall(r'<form method="post" action="([^"]+)"', browser.get(page).text)


def _token(browser: Browser, page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)
    assert found is not None
    return found.group(1)
