"""Units that come later than ordered: the retailer is told by which day, the supplier may name another one, and what
does not wait for them is not late unseen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from werkzeug.test import TestResponse

from app import db
from app.kit import clock
from app.notifications.service import latest_emails
from tests.flows.books import Books, Json
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import text_of

DAY, OTHER = (clock.now().date() + timedelta(days=ahead) for ahead in (25, 28))


def shown(day: date) -> str:
    """A day as the pages write it."""
    return f"{day.day} {day:%b %Y}"


def emails(kind: str) -> list[Any]:
    with db.system_scope(actor="test"), db.transaction() as session:
        return [one for one in latest_emails(session) if one.kind == kind]


@dataclass(frozen=True, slots=True)
class Lamps:
    """A purchase order of two black lamps and a white one."""

    market: Market
    books: Books
    jobs: Jobs
    order: Json
    purchase_order: Json

    @property
    def line_ids(self) -> tuple[str, str]:
        first, second = self.purchase_order["lines"]
        return first["id"], second["id"]

    @property
    def page(self) -> str:
        return f"/supplier/purchase-orders/{self.purchase_order['id']}"

    def says(self, **said: str) -> TestResponse:
        """The supplier answers on the purchase order's page."""
        answer = self.books.browser(self.market.supplier).submit(self.page, f"{self.page}/answer", **said)
        self.jobs.drain()
        return answer

    def lines(self) -> list[tuple[str | None, int]]:
        """Each line's status and what of it was cancelled."""
        found = self.books.rows(
            "select answer, cancelled from purchase_order_lines where purchase_order_id = %s order by position",
            self.purchase_order["id"],
        )
        return [(row["answer"], row["cancelled"]) for row in found]

    def shown(self) -> str:
        """The retailer's page of the order."""
        return text_of(self.books.browser(self.market.retailer).get(f"/app/orders/{self.order['id']}"))


@pytest.fixture
def lamps(market: Market, books: Books, jobs: Jobs) -> Lamps:
    books.browser(market.supplier)
    order = books.paid_order((market.lamp.variants[0], 2), (market.lamp.variants[1], 1))
    return Lamps(market, books, jobs, order, books.purchase_order(order, market.supplier))


def test_the_retailer_is_told_the_day_another_day_and_the_end(lamps: Lamps, market: Market, books: Books) -> None:
    first, _ = lamps.line_ids
    # The same answer again is no news; another day is.
    for day, words, letters in (
        (DAY, shown(DAY), 1),
        (DAY, shown(DAY), 1),
        (OTHER, shown(OTHER), 2),
    ):
        assert lamps.says(**{f"answer-{first}": "backordered", f"day-{first}": day.isoformat()}).status_code == 303
        assert "backorder" in books.notices(market.retailer)
        assert len(books.letters("backorder")) == letters
        assert f"Backordered from {words}" in lamps.shown()
    assert lamps.says(**{f"answer-{first}": "accepted"}).status_code == 303
    assert "backorder" not in books.notices(market.retailer)
    assert shown(OTHER) not in lamps.shown()
    assert lamps.lines() == [("accepted", 0), ("accepted", 0)]


@pytest.mark.parametrize("end", ["shipped", "cancelled"])
def test_the_notice_is_put_away_when_the_units_left_or_are_not_wanted(
    lamps: Lamps, market: Market, books: Books, jobs: Jobs, end: str
) -> None:
    first, _ = lamps.line_ids
    assert lamps.says(**{f"answer-{first}": "backordered", f"day-{first}": DAY.isoformat()}).status_code == 303
    assert "backorder" in books.notices(market.retailer)
    if end == "shipped":
        books.ship(market.supplier, lamps.purchase_order, 2)
    else:
        market.retailer.api.post(f"/api/orders/{lamps.order['id']}/cancel", {})
        for one in market.supplier.api.get("/api/supplier/change-requests").json["items"]:
            market.supplier.api.post(f"/api/supplier/change-requests/{one['id']}/accept", {})
    jobs.drain()
    assert "backorder" not in books.notices(market.retailer)


def test_a_part_of_a_line_is_rejected_on_the_page(lamps: Lamps) -> None:
    first, second = lamps.line_ids
    said = {f"answer-{first}": "rejected", f"reason-{first}": "out_of_stock", f"answer-{second}": "accepted"}
    refused = lamps.says(**said, **{f"reject-{first}": "3"})
    assert refused.status_code == 422
    assert "A whole number from 1 to 2." in text_of(refused)
    assert lamps.says(**said, **{f"reject-{first}": "1"}).status_code == 303
    assert lamps.lines() == [("accepted", 1), ("accepted", 0)]


def test_a_part_of_a_line_is_rejected_by_the_letters_link(lamps: Lamps, books: Books) -> None:
    first, second = lamps.line_ids
    (text,) = [one.text for one in emails("purchase_order")]
    (link,) = set(re.findall(r"http\S+(/answer/[\w-]+)", text))
    outside = lamps.market.app.test_client()
    later = {f"answer-{first}": "backordered", f"day-{first}": DAY.isoformat(), f"answer-{second}": "accepted"}
    assert outside.post(link, data=later).status_code == 303
    shown = text_of(outside.get(link))
    assert "Answered. Thank you." in shown and "Accept all" not in shown
    said = {f"answer-{first}": "rejected", f"reason-{first}": "out_of_stock"}
    assert outside.post(link, data={**said, f"reject-{first}": "nine"}).status_code == 422
    assert outside.post(link, data={**said, f"reject-{first}": "1"}).status_code == 303
    lamps.jobs.drain()
    assert lamps.lines() == [("accepted", 1), ("accepted", 0)]
    assert "backorder" not in books.notices(lamps.market.retailer)


def test_a_day_that_is_over_is_refused_at_its_field(lamps: Lamps) -> None:
    first, _ = lamps.line_ids
    day = (clock.now() - timedelta(days=3)).date().isoformat()
    path = f"/api/supplier/orders/{lamps.purchase_order['id']}/acknowledge"
    line = {"line_id": first, "status": "backordered", "available_on": day}
    answer = lamps.market.supplier.api.post(path, {"lines": [line]})
    assert [(one["field"], one["code"]) for one in answer.json["errors"]] == [("lines[0].available_on", "in_the_past")]
    shown = lamps.says(**{f"answer-{first}": "backordered", f"day-{first}": day})
    field = BeautifulSoup(shown.text, "html.parser").select_one(f"#f-day-{first}")
    assert shown.status_code == 422 and field is not None
    assert (field["value"], field["aria-invalid"]) == (day, "true")
    (text,) = [one.text for one in emails("purchase_order")]
    (link,) = set(re.findall(r"http\S+(/answer/[\w-]+)", text))
    given = {f"answer-{first}": "backordered", f"day-{first}": day}
    refused = lamps.market.app.test_client().post(link, data=given)
    assert (refused.status_code, f"{day} is over" in text_of(refused)) == (422, True)
    assert lamps.lines() == [(None, 0), (None, 0)]


def test_what_does_not_wait_for_a_backordered_line_is_late_when_it_is(lamps: Lamps, market: Market) -> None:
    first, second = lamps.line_ids

    def stuck_after(**said: Any) -> list[str]:
        path = f"/api/supplier/orders/{lamps.purchase_order['id']}/acknowledge"
        answer = market.supplier.api.post(path, {"lines": [said]})
        assert answer.status_code == 200, answer.text
        with clock.shifted(timedelta(days=20)):
            return [one["kind"] for one in market.retailer.api.get("/api/exceptions").json["items"]]

    assert "late" not in stuck_after(line_id=first, status="backordered", available_on=DAY.isoformat())
    assert "late" in stuck_after(line_id=second, status="accepted")
