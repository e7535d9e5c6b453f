"""Parcels whose way nobody reports: retailers say whether they have arrived, and suppliers are paid in the end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.kit import clock
from tests.flows.books import Books, Json
from tests.flows.carriers import change
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import text_of
from tests.web.pages.test_guards import signed_in

WATCH, ASSUME = "watch_parcels", "assume_arrivals"


@pytest.fixture
def order(books: Books, market: Market) -> Json:
    for party in (market.supplier, market.retailer):
        # Somebody is there to be written to.
        books.browser(party)
    return books.paid_order((market.lamp.variants[0], 3))


@pytest.fixture
def parcel(books: Books, market: Market, jobs: Jobs, order: Json) -> Json:
    """All of the order, with a carrier that nobody can ask."""
    lamps = books.purchase_order(order, market.supplier)
    sent = books.ship(market.supplier, lamps, 3, number="QX 1234")
    change("update shipments set carrier = 'somebody' where id = %s", sent["id"])
    jobs.drain()
    books.later("poll_tracking", hours=2)
    books.later(WATCH, hours=4)
    return sent


def counts_on(books: Books) -> date:
    """After which day the parcel counts as arrived."""
    day = books.row("select assumed_on from shipments")["assumed_on"]
    assert isinstance(day, date)
    return day


def days_to(day: date) -> int:
    return (day - clock.now().date()).days


def earning(books: Books) -> Json:
    return books.row("select state, payable_at from earnings where state <> 'REVERSED' order by id desc limit 1")


def shown(market: Market, parcel: Json, days: int = 0) -> tuple[str, str]:
    """The retailer's page of the parcel and the supplier's."""
    with clock.shifted(timedelta(days=days, hours=5)):
        return (
            text_of(signed_in(market, "retailer").get(f"/app/parcels/{parcel['id']}")),
            text_of(signed_in(market, "supplier").get(f"/supplier/parcels/{parcel['id']}")),
        )


def test_a_retailer_says_that_a_parcel_has_arrived(
    market: Market, jobs: Jobs, books: Books, order: Json, parcel: Json
) -> None:
    retailers, suppliers = shown(market, parcel)
    assert "Nobody reports where this parcel is" in retailers and "Nobody reports where this parcel is" in suppliers
    assert "It has arrived" in retailers and "It has not arrived" not in retailers, "it may still come"
    assert "its supplier is paid after" in retailers and "you are paid for it after" in suppliers
    page = f"/app/parcels/{parcel['id']}"
    assert books.press(market.other_retailer, f"{page}/arrived").status_code == 404
    assert market.other_retailer.api.post(f"/api/shipments/{parcel['id']}/arrived", {}).status_code == 404
    early = market.retailer.api.post(f"/api/shipments/{parcel['id']}/missing", {})
    assert (early.status_code, early.json["code"]) == (409, "may_still_come")
    for _ in range(2):
        assert books.press(market.retailer, f"{page}/arrived").status_code == 303
    jobs.drain()
    assert books.order(order)["status"] == "DELIVERED"
    assert earning(books)["payable_at"] is not None, "the time for complaints has begun"
    story = text_of(books.browser(market.retailer).get(f"/app/orders/{order['id']}"))
    assert story.count("The retailer says that QX 1234 has arrived.") == 1
    again = market.retailer.api.post(f"/api/shipments/{parcel['id']}/arrived", {})
    assert (again.status_code, again.json["delivery_status"]) == (200, "delivered")


def test_what_nobody_complains_of_is_paid_after_its_retailer_was_asked(
    market: Market, jobs: Jobs, books: Books, order: Json, parcel: Json
) -> None:
    last = days_to(counts_on(books))
    assert last >= 28, "it had two weeks abroad, and its retailer two more"
    books.later(WATCH, days=last - 14)
    assert books.rows("select id from shipment_exceptions") == [], "its day is not over"
    for _ in range(2):
        books.later(WATCH, days=last - 13)
    jobs.drain()
    assert books.notices(market.retailer)["parcel"] == "Has Parcel QX 1234 arrived?"
    assert books.letters("parcel").count("Has Parcel QX 1234 arrived?") == 1
    asked = market.retailer.api.get("/api/exceptions", kind="parcel").json["items"]
    assert [one["reason"] for one in asked] == ["unreported"]
    assert asked[0]["due"].startswith(counts_on(books).isoformat())
    assert "It has not arrived" in shown(market, parcel, last - 13)[0]
    books.later(ASSUME, days=last)
    assert earning(books)["payable_at"] is None, "the last day is not over"
    for _ in range(2):
        books.later(ASSUME, days=last + 1)
    books.later("pay_suppliers", days=last + 1, hours=1)
    assert earning(books)["state"] in ("PAYABLE", "PAID")
    assert books.row("select delivery_status, delivered_at from shipments")["delivered_at"] is None, "nobody said so"
    assert "parcel" not in books.notices(market.retailer)
    retailers, suppliers = shown(market, parcel, last + 1)
    assert "its supplier is paid for it since" in retailers and "it counts as arrived since" in suppliers
    late = market.retailer.api.post(f"/api/shipments/{parcel['id']}/missing", {})
    assert (late.status_code, late.json["code"]) == (409, "counted_as_arrived")
    void = market.supplier.api.post(f"/api/supplier/shipments/{parcel['id']}/void", {"reason": "It never left"})
    assert (void.status_code, void.json["code"]) == (409, "counted_as_arrived")
    jobs.run_scheduled("reconcile_books")
    assert books.rows("select * from reconciliation_breaks where state = 'OPEN'") == []
    market.retailer.api.post(f"/api/shipments/{parcel['id']}/arrived", {})
    jobs.drain()
    assert books.order(order)["status"] == "DELIVERED"


def test_what_has_not_arrived_is_claimed_and_never_paid_without_a_word(
    market: Market, jobs: Jobs, books: Books, order: Json, parcel: Json
) -> None:
    last = days_to(counts_on(books))
    books.later(WATCH, days=last - 13)
    page = f"/app/parcels/{parcel['id']}"
    with clock.shifted(timedelta(days=last - 13)):
        assert market.other_retailer.api.post(f"/api/shipments/{parcel['id']}/missing", {}).status_code == 404
        assert signed_in(market, "retailer").submit(page, f"{page}/missing").status_code == 303
        assert market.retailer.api.post(f"/api/shipments/{parcel['id']}/missing", {}).status_code == 200, (
            "twice is once"
        )
    jobs.drain()
    books.later(ASSUME, days=last + 5)
    assert earning(books)["payable_at"] is None
    states = books.rows("select kind, state from shipment_exceptions order by found_at, id")
    assert [tuple(one.values()) for one in states] == [("unreported", "resolved"), ("lost", "open")]
    with clock.shifted(timedelta(days=last + 5)):
        assert signed_in(market, "retailer").submit(page, f"{page}/claim", wanted="refund").status_code == 303
    jobs.drain()
    books.later(WATCH, days=last + 12)
    assert books.given_back(order) == [books.charge(order)["amount"]]
    story = text_of(books.browser(market.retailer).get(f"/app/orders/{order['id']}"))
    assert "The retailer says that QX 1234 has not arrived." in story
