"""Some units of a line now, some later, some never: each part goes its own way, whichever way the supplier says it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from app import db
from app.kit import clock
from app.notifications.service import latest_emails
from tests.flows.books import Books, Json
from tests.market import Market, Party
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of

#: The supplier's second warehouse has them by then.
DAY = clock.now().date() + timedelta(days=12)


@dataclass(frozen=True, slots=True)
class Fives:
    """A purchase order of one line of five lamps."""

    market: Market
    books: Books
    jobs: Jobs
    order: Json
    purchase_order: Json

    @property
    def line_id(self) -> str:
        return str(self.purchase_order["lines"][0]["id"])

    def says(self, *lines: Json) -> Json:
        """The supplier answers by the API."""
        path = f"/api/supplier/orders/{self.purchase_order['id']}/acknowledge"
        answer = self.market.supplier.api.post(path, {"lines": [{"line_id": self.line_id, **one} for one in lines]})
        assert answer.status_code == 200, answer.text
        self.jobs.drain()
        found: Json = answer.json
        return found

    def ships(self, units: int) -> None:
        self.books.ship(self.market.supplier, self.purchase_order, units)
        self.jobs.drain()

    def line(self) -> tuple[int, int, int, int]:
        """Units of the line that left, that come later, that are cancelled, and that leave at once."""
        (line,) = self.market.supplier.api.get(f"/api/supplier/orders/{self.purchase_order['id']}").json["lines"]
        left = line["quantity"] - line["shipped"] - line["cancelled"] - line["backordered"]
        return line["shipped"], line["backordered"], line["cancelled"], left

    def stock(self) -> int:
        """Units that are set aside."""
        return self.market.stock(self.market.lamp.variants[0])["reserved"]

    def stuck(self, party: Party, days: int) -> list[str]:
        """What is in a party's inbox after so many days."""
        path = "/api/exceptions" if party is self.market.retailer else "/api/supplier/exceptions"
        with clock.shifted(timedelta(days=days)):
            return [one["kind"] for one in party.api.get(path).json["items"]]

    def queue(self, view: str, days: int = 0) -> bool:
        """Whether the supplier finds it there."""
        with clock.shifted(timedelta(days=days)):
            page = self.books.browser(self.market.supplier).get(f"/supplier/purchase-orders?view={view}")
            if days:
                self.books.sign_out()
                page = self.books.browser(self.market.supplier).get(f"/supplier/purchase-orders?view={view}")
        if days:
            self.books.sign_out()
        return f"/supplier/purchase-orders/{self.purchase_order['id']}" in page.text

    def next(self, party: Party, days: int = 0) -> str:
        """What the order's page says comes next."""
        path = f"/app/orders/{self.order['id']}"
        if party is self.market.supplier:
            path = f"/supplier/purchase-orders/{self.purchase_order['id']}"
        with clock.shifted(timedelta(days=days)):
            (found,) = re.findall(r"Next: .*? up to \w+", text_of(self.books.browser(party).get(path)))
        return str(found)


@pytest.fixture
def fives(market: Market, books: Books, jobs: Jobs) -> Fives:
    books.browser(market.supplier)
    order = books.paid_order((market.lamp.variants[0], 5))
    return Fives(market, books, jobs, order, books.purchase_order(order, market.supplier))


THREE_AND_TWO = (
    {"status": "accepted", "quantity": 3},
    {"status": "backordered", "quantity": 2, "available_on": DAY.isoformat()},
)


def by_api(fives: Fives, **more: str) -> None:
    fives.says(*THREE_AND_TWO)


def by_the_page(fives: Fives, **more: str) -> None:
    page = f"/supplier/purchase-orders/{fives.purchase_order['id']}"
    given = {f"{name}-{fives.line_id}": value for name, value in _FORM.items()}
    assert fives.books.browser(fives.market.supplier).submit(page, f"{page}/answer", **given).status_code == 303


def by_the_letter(fives: Fives) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        (text,) = [one.text for one in latest_emails(session) if one.kind == "purchase_order"]
    (link,) = set(re.findall(r"http\S+(/answer/[\w-]+)", text))
    given = {f"{name}-{fives.line_id}": value for name, value in _FORM.items()}
    outside = Browser(fives.market.app)
    assert outside.post(link, given).status_code == 303
    assert f"2 from {DAY.day} {DAY:%b %Y}" in text_of(outside.get(link))


_FORM = {"answer": "backordered", "later": "2", "day": DAY.isoformat()}


@pytest.mark.parametrize("way", [by_api, by_the_page, by_the_letter])
def test_three_go_now_and_two_wait_for_their_day(fives: Fives, way: Callable[[Fives], None]) -> None:
    for _ in range(2):
        way(fives)
        fives.jobs.drain()
        assert fives.line() == (0, 2, 0, 3)
    assert fives.books.order(fives.order)["status"] == "BACKORDERED"
    assert len(fives.books.letters("backorder")) == 1
    with db.system_scope(actor="test"), db.transaction() as session:
        (letter,) = [one.text for one in latest_emails(session) if one.kind == "backorder"]
    assert f"will have 2 × Desk lamp – 0 on {DAY.day} {DAY:%b %Y}" in " ".join(letter.split())
    shown = text_of(fives.books.browser(fives.market.retailer).get(f"/app/orders/{fives.order['id']}"))
    assert f"Backordered 2 from {DAY.day} {DAY:%b %Y}" in shown
    assert (fives.queue("to_ship"), fives.queue("backordered")) == (True, True)
    assert fives.stock() == 5
    fives.ships(3)
    assert fives.line() == (3, 2, 0, 0)
    assert fives.stock() == 2
    assert (fives.queue("to_ship"), fives.queue("backordered")) == (False, True)
    fives.ships(2)
    assert (fives.line(), fives.stock()) == ((5, 0, 0, 0), 0)
    assert fives.books.order(fives.order)["status"] == "SHIPPED"
    assert "backorder" not in fives.books.notices(fives.market.retailer)


def test_each_part_is_late_by_its_own_day(fives: Fives) -> None:
    fives.says(*THREE_AND_TWO)
    retailer, supplier = fives.market.retailer, fives.market.supplier
    assert fives.next(supplier).startswith("Next: Ship what is there.")
    assert "late" in fives.stuck(retailer, 11)
    assert fives.queue("late", 11)
    with clock.shifted(timedelta(days=11)):
        fives.jobs.run_scheduled("watch_parcels")
    assert fives.market.count("shipment_exceptions where kind = 'late' and state = 'open'") == 1
    assert set(fives.stuck(supplier, 20)) >= {"late", "backorder_overdue"}
    fives.ships(3)
    # What is left is not late before its day is over, and then it is overdue.
    assert fives.market.count("shipment_exceptions where kind = 'late' and state = 'open'") == 0
    assert fives.stuck(retailer, 11) == []
    assert not fives.queue("late", 11)
    assert fives.next(supplier).startswith("Next: Ship the rest when it is there.")
    with clock.shifted(timedelta(days=11)):
        fives.jobs.run_scheduled("watch_parcels")
    assert fives.market.count("shipment_exceptions where kind = 'late' and state = 'open'") == 0
    assert fives.stuck(retailer, 20) == ["backorder_overdue"]
    fives.says({"status": "accepted"})
    assert "backorder" not in fives.books.notices(retailer)
    assert fives.stuck(retailer, 20) == ["late"]


def test_two_now_two_later_and_one_never(fives: Fives) -> None:
    for _ in range(2):
        fives.says(
            {"status": "accepted", "quantity": 2},
            {"status": "backordered", "quantity": 2, "available_on": DAY.isoformat()},
            {"status": "rejected", "quantity": 1, "reason": "discontinued"},
        )
        assert fives.line() == (0, 2, 1, 2)
    # This retailer wants to be asked about nothing: what does not come is refunded.
    (decision,) = fives.market.retailer.api.get("/api/decisions").json["items"]
    assert (decision["units"], decision["kind"], decision["choice"]) == (1, "rejected", "refund")
    assert fives.stock() == 4
    fives.ships(2)
    assert fives.line() == (2, 2, 1, 0)
    fives.ships(2)
    assert (fives.line(), fives.stock()) == ((4, 0, 1, 0), 0)
    (line,) = fives.books.order(fives.order)["lines"]
    assert line["status"] == "shipped"
    fives.books.ledger()


@pytest.mark.parametrize("chosen", ["accepted", "rejected"])
def test_the_page_shares_a_line_out_three_ways(fives: Fives, chosen: str) -> None:
    page = f"/supplier/purchase-orders/{fives.purchase_order['id']}"
    supplier = fives.books.browser(fives.market.supplier)

    def says(**given: str) -> Any:
        named = {f"{name}-{fives.line_id}": value for name, value in given.items()}
        answer = supplier.submit(page, f"{page}/answer", **named)
        fives.jobs.drain()
        return answer

    refused = says(answer="backordered", later="3", reject="3", day=DAY.isoformat(), reason="out_of_stock")
    assert (refused.status_code, "more units than are open" in text_of(refused)) == (422, True)
    refused = says(answer="accepted", later="2", day=DAY.isoformat())
    assert (refused.status_code, "say above that it comes later or not" in text_of(refused)) == (422, True)
    assert fives.line() == (0, 0, 0, 5)
    three = {"later": "2", "reject": "1", "day": DAY.isoformat(), "reason": "out_of_stock"}
    assert says(answer="rejected", **three).status_code == 303
    assert fives.line() == (0, 2, 1, 2)
    shown = supplier.get(page)
    assert f"2 from {DAY.day} {DAY:%b %Y}" in text_of(shown)
    parcel = BeautifulSoup(shown.text, "html.parser").select_one(f"#f-units-{fives.line_id}")
    assert parcel is not None and parcel["value"] == "2", "what is there is likely to be in the next parcel"
    assert says(answer="backordered", later="3", day=DAY.isoformat()).status_code == 303
    assert fives.line() == (0, 3, 1, 1)
    # What stood there before is sent along; what is chosen counts.
    end = {"answer": chosen, "later": "3", "day": DAY.isoformat(), "reason": "other"}
    assert says(**end).status_code == 303
    assert fives.line() == ((0, 0, 1, 4) if chosen == "accepted" else (0, 0, 5, 0))


@pytest.mark.parametrize("units", [1, 2, 3])
def test_what_is_cancelled_is_first_of_what_comes_later(fives: Fives, units: int) -> None:
    fives.says(*THREE_AND_TWO)
    (line,) = fives.order["lines"]
    body = {"lines": [{"line_id": line["id"], "quantity": units}]}
    assert fives.market.retailer.api.post(f"/api/orders/{fives.order['id']}/cancel", body).status_code == 200
    (request,) = fives.market.supplier.api.get("/api/supplier/change-requests").json["items"]
    fives.market.supplier.api.post(f"/api/supplier/change-requests/{request['id']}/accept", {})
    fives.jobs.drain()
    assert fives.line() == (0, max(0, 2 - units), units, min(3, 5 - units))
    assert ("backorder" in fives.books.notices(fives.market.retailer)) == (units == 1)
    fives.ships(5 - units)
    assert (fives.stock(), fives.books.order(fives.order)["status"]) == (0, "SHIPPED")


def test_giving_up_units_keeps_what_was_said_of_the_others(fives: Fives) -> None:
    fives.says(*THREE_AND_TWO)
    path = f"/api/supplier/orders/{fives.purchase_order['id']}/give-up"
    one = {"line_id": fives.line_id, "quantity": 1, "reason": "out_of_stock"}
    assert fives.market.supplier.api.post(path, {"lines": [one]}).status_code == 200
    fives.jobs.drain()
    assert fives.line() == (0, 1, 1, 3)


def test_the_shopper_sees_what_comes_when(fives: Fives) -> None:
    fives.says(*THREE_AND_TWO)
    page = text_of(Browser(fives.market.app).get(fives.books.order(fives.order)["tracking_page_url"]))
    now, later = re.findall(r"(\d) × Desk lamp – 0 ([^×]*?\d{4}|[^×]*)", page)
    assert (now[0], later[0]) == ("3", "2")
    assert later[1] == f"In stock again {DAY.day} {DAY:%b %Y}"
