"""A letter with a purchase order: its files, and the links by which it is answered without signing in."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app import db
from app.identity.models import Organisation
from app.kit import clock
from app.notifications.service import latest_emails
from app.purchasing.service import cancel_order
from tests import factories
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from workers.order_files import attachments_of


@dataclass(slots=True)
class Letter:
    """A letter as it came, and the browser of its reader, who has not signed in."""

    market: Market
    browser: Browser
    order: dict[str, Any]
    text: str
    html: str
    link: str
    attached: str | None

    def lines(self) -> list[str | None]:
        """How the lines stand, as the retailer sees them."""
        found = self.market.retailer.api.get(f"/api/orders/{self.order['id']}").json
        return [line["status"] for one in found["purchase_orders"] for line in one["lines"]]


@pytest.fixture
def letter(market: Market, jobs: Jobs) -> Letter:
    """An order of two kinds of lamps has come to a supplier that is told by e-mail."""
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.member(session, session.get_one(Organisation, market.supplier.id), "supplier_owner")
    order = market.place((market.lamp.variants[0], 2), (market.lamp.variants[1], 1))
    jobs.drain()
    with db.system_scope(actor="test"), db.transaction() as session:
        (found,) = [one for one in latest_emails(session) if one.kind == "purchase_order"]
    (link,) = set(re.findall(r"http\S+(/answer/[\w-]+)", found.text))
    return Letter(market, Browser(market.app), order, found.text, found.html, link, found.attached)


def test_the_order_comes_as_pdf_and_csv_without_the_address(letter: Letter) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        pdf, table = attachments_of(session, letter.attached)
    number = letter.order["purchase_orders"][0]["number"]
    assert (pdf.name, table.name) == (f"{number}.pdf", f"{number}.csv")
    assert pdf.content.startswith(b"%PDF-")
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [(row["purchase_order"], row["quantity"], row["line"]) for row in rows] == [
        (number, "2", "1"),
        (number, "1", "2"),
    ]
    assert {row["ship_to_country"] for row in rows} == {"GB"}
    for said in (table.content.decode(), letter.text, letter.html):
        assert "Ada" not in said and "SW1Y" not in said


def test_the_link_shows_this_order_and_names_nobody(letter: Letter) -> None:
    answer = letter.browser.get(letter.link)
    shown = text_of(answer)
    assert letter.order["purchase_orders"][0]["number"] in shown and "Accept all" in shown
    assert "Ada" not in answer.text and "SW1Y" not in answer.text
    assert "@" not in letter.link
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    # Looking changes nothing.
    assert letter.lines() == ["open", "open"]


def test_accepting_twice_is_as_once(letter: Letter, jobs: Jobs) -> None:
    for _ in range(2):
        assert letter.browser.post(f"{letter.link}/accept").status_code == 303
    jobs.drain()
    assert letter.lines() == ["accepted", "accepted"]
    assert letter.market.count("timeline_entries where message = 'po.acknowledged'") == 1
    assert "Answered. Thank you." in text_of(letter.browser.get(letter.link))
    assert letter.market.count("transmissions where state = 'DELIVERED'") == 1


def test_lines_are_answered_apart(letter: Letter, jobs: Jobs) -> None:
    first, second = re.findall(r'name="answer-([0-9a-f-]{36})"', letter.browser.get(letter.link).text)
    refused = letter.browser.post(letter.link, {f"answer-{first}": "accepted", f"answer-{second}": "rejected"})
    assert refused.status_code == 422
    assert "Nothing was sent yet" in text_of(refused)
    assert letter.lines() == ["open", "open"]
    said = {f"answer-{first}": "accepted", f"answer-{second}": "rejected", f"reason-{second}": "out_of_stock"}
    assert letter.browser.post(letter.link, said).status_code == 303
    jobs.drain()
    assert letter.lines() == ["accepted", "rejected"]


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"),
        lambda token: ("A" if token[0] != "A" else "B") + token[1:],
        lambda token: token[:30],
        lambda token: token.swapcase(),
        lambda token: token + "!!",
    ],
)
def test_a_forged_link_is_refused(letter: Letter, forge: Callable[[str], str]) -> None:
    token = letter.link.removeprefix("/answer/")
    forged = f"/answer/{forge(token)}"
    assert letter.browser.get(forged).status_code == 404
    assert letter.browser.post(f"{forged}/accept").status_code == 404
    assert letter.lines() == ["open", "open"]


def test_a_link_ends(letter: Letter) -> None:
    with clock.shifted(timedelta(days=15)):
        answer = letter.browser.get(letter.link)
        assert answer.status_code == 410
        assert "Sign in to answer" in text_of(answer)
        assert letter.browser.post(f"{letter.link}/accept").status_code == 410
    assert letter.lines() == ["open", "open"]


def test_a_cancelled_order_can_not_be_accepted_any_more(letter: Letter, jobs: Jobs) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        cancel_order(session, UUID(letter.order["id"]))
    jobs.drain()
    assert letter.browser.post(f"{letter.link}/accept").status_code == 303
    assert letter.lines() == ["cancelled", "cancelled"]
    assert "Cancelled" in text_of(letter.browser.get(letter.link))
