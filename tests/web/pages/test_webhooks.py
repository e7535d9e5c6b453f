"""Webhooks on the pages of both kinds of organisations: secrets shown once, tried, looked at, sent again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from bs4 import BeautifulSoup

from app import db
from app.webhooks.models import WebhookEndpoint
from tests.market import Market
from tests.receiver import Receiver, documented_check, receiving
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_settings import member

_LISTS = {"supplier": "/supplier/settings/webhooks", "retailer": "/app/settings/webhooks"}
_EVENTS = {"supplier": ["payout.sent", "purchase_order.created"], "retailer": ["order.created", "order.paid"]}


@pytest.fixture
def receiver(set_up: Callable[..., None]) -> Iterator[Receiver]:
    """A receiver on loopback, which this installation may reach."""
    set_up(outbound_allowed_hosts="127.0.0.1")
    with receiving() as found:
        yield found


@dataclass(slots=True)
class Pages:
    """One organisation's webhooks in a browser."""

    browser: Browser
    list: str
    one: str
    secret: str

    def do(self, what: str, **values: str) -> None:
        """Press a button of the webhook's page."""
        answer = self.browser.submit(self.one, f"/{what}", **values)
        assert answer.status_code == 303, answer.text

    def seen(self, path: str | None = None) -> str:
        """What a page says."""
        answer = self.browser.get(path or self.one)
        assert answer.status_code == 200
        return text_of(answer)

    def deliveries(self) -> list[list[str]]:
        """The rows of the list of deliveries."""
        page = BeautifulSoup(self.browser.get(self.one).text, "html.parser")
        return [[cell.get_text(" ", strip=True) for cell in row.select("td")] for row in page.select("tbody tr")]


def added(market: Market, kind: str, receiver: Receiver) -> Pages:
    """A webhook, added on the page."""
    browser, _ = member(market, kind)
    where = _LISTS[kind]
    answer = browser.submit(where, "/settings/webhooks", url=receiver.url, description="Shop", events=_EVENTS[kind])
    assert answer.status_code == 200, answer.text
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", answer.text))
    with db.system_scope(actor="test"), db.transaction() as session:
        (endpoint,) = session.query(WebhookEndpoint).where(WebhookEndpoint.removed_at.is_(None))
    return Pages(browser, where, f"{where}/{endpoint.id}", secret)


@pytest.mark.parametrize("kind", ["supplier", "retailer"])
def test_a_webhook_is_added_tried_paused_and_removed(receiver: Receiver, market: Market, jobs: Jobs, kind: str) -> None:
    pages = added(market, kind, receiver)
    assert "whsec_" not in pages.browser.get(pages.one).text
    assert "Shop" in pages.seen(pages.list)

    pages.do("test")
    jobs.drain()
    (row,) = pages.deliveries()
    assert row[:3] == ["endpoint.test", "Delivered", "200"]
    (message,) = receiver.messages
    assert documented_check()(pages.secret, message.headers, message.body)

    pages.do("pause")
    assert "Paused: what happens waits" in pages.seen()
    pages.do("resume")
    pages.do("remove")
    assert "No webhook yet" in pages.seen(pages.list)
    assert pages.browser.get(pages.one).status_code == 404


def test_what_was_refused_is_shown_with_its_answer_and_sent_again(
    receiver: Receiver, market: Market, jobs: Jobs
) -> None:
    pages = added(market, "retailer", receiver)
    receiver.refuses(500, body=b"<b>our database is away</b>")
    market.place()
    jobs.drain()
    rows = pages.deliveries()
    assert {row[1] for row in rows} == {"Waiting"}
    assert "Answered 500" in {row[2] for row in rows}
    page = BeautifulSoup(pages.browser.get(pages.one).text, "html.parser")
    tried = next(row for row in page.select("tbody tr") if "Answered 500" in row.get_text())
    answer = pages.browser.get(str(tried.a["href"]) if tried.a else "")
    assert "<b>our database is away</b>" in text_of(answer)
    assert "<b>our database" not in answer.text, "what a stranger writes is text"

    receiver.takes()
    receiver.messages.clear()
    browser = pages.browser
    where = str(tried.a["href"]) if tried.a else ""
    assert browser.submit(where, "/again").status_code == 303
    jobs.drain()
    assert [one.event["type"] for one in receiver.messages][:1] == ["order.created"]
    pages.do("missed", since="24")


def test_what_is_wrong_stands_beside_its_field(market: Market) -> None:
    browser, _ = member(market, "supplier")
    answer = browser.submit(_LISTS["supplier"], "/settings/webhooks", url="http://hooks.example/", description="Shop")

    assert answer.status_code == 422
    assert "The address must begin with https://" in text_of(answer)
    again = browser.submit(_LISTS["supplier"], "/settings/webhooks", url="https://hooks.example/")
    assert "Choose at least one thing to be told of." in text_of(again)
    assert "No webhook yet" in text_of(browser.get(_LISTS["supplier"]))


def test_a_new_secret_is_shown_once(receiver: Receiver, market: Market, jobs: Jobs) -> None:
    pages = added(market, "supplier", receiver)
    answer = pages.browser.submit(pages.one, "/secret", overlap="24")
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", answer.text))

    assert secret != pages.secret
    assert "Messages are signed with the secret before, too" in pages.seen()
    pages.do("test")
    jobs.drain()
    (message,) = receiver.messages
    check = documented_check()
    assert check(secret, message.headers, message.body)
    assert check(pages.secret, message.headers, message.body)


@pytest.mark.parametrize(("kind", "role"), [("supplier", "supplier_fulfilment"), ("retailer", "retailer_manager")])
def test_only_those_who_may_make_keys_see_webhooks(market: Market, kind: str, role: str) -> None:
    browser, _ = member(market, kind, role)

    assert browser.get(_LISTS[kind]).status_code == 403


def test_anothers_webhook_has_no_page(receiver: Receiver, market: Market) -> None:
    pages = added(market, "supplier", receiver)
    browser, _ = member(market, "retailer")
    endpoint_id = UUID(pages.one.rsplit("/", 1)[1])

    assert browser.get(f"/app/settings/webhooks/{endpoint_id}").status_code == 404
