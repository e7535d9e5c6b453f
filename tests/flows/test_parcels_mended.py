"""Parcels that were not as they were told, through the API and the portal: what becomes of the money, and of races."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from app import db
from app.fulfillment.carrier import CarrierEvent
from app.fulfillment.service import record_tracking, void
from app.kit import clock
from app.kit.errors import Conflict
from tests.flows.books import Books, Json
from tests.market import Market, Party
from tests.stack import Jobs
from tests.web.browsing import text_of


def call(party: Party, parcel: Json, what: str, **body: object) -> Json:
    answer = party.api.post(f"/api/supplier/shipments/{parcel['id']}/{what}", body)
    return {"status": answer.status_code, **answer.json}


@pytest.fixture
def order(books: Books, market: Market) -> Json:
    return books.paid_order((market.lamp.variants[0], 3))


@pytest.fixture
def lamps(books: Books, market: Market, order: Json) -> Json:
    return books.purchase_order(order, market.supplier)


def earnings(books: Books) -> list[tuple[str, int]]:
    return [(row["state"], row["amount"]) for row in books.rows("select * from earnings order by id")]


def test_what_was_earned_by_a_parcel_goes_with_it(
    market: Market, jobs: Jobs, books: Books, order: Json, lamps: Json
) -> None:
    before = books.ledger()
    parcel = books.ship(market.supplier, lamps, 3)
    jobs.drain()
    assert "supplier_payable:first" in books.ledger()
    for _ in range(2):
        answer = call(market.supplier, parcel, "void", reason="Left on the shelf")
        assert (answer["status"], answer["shipment_status"]) == (200, "voided")
        jobs.drain()
    assert books.ledger() == before
    assert [state for state, _ in earnings(books)] == ["REVERSED", "REVERSED"]
    assert sum(amount for _, amount in earnings(books)) == 0
    assert books.order(order)["status"] == "CONFIRMED"
    told = text_of(books.browser(market.retailer).get(f"/app/orders/{order['id']}"))
    assert "never left and was taken back: Left on the shelf" in told
    again = books.ship(market.supplier, lamps, 3, number=None)
    books.arrived(market.supplier, again)
    jobs.drain()
    assert books.order(order)["status"] == "DELIVERED"
    jobs.run_scheduled("reconcile_books")
    assert books.rows("select * from reconciliation_breaks where state = 'OPEN'") == []


def test_taken_back_before_it_was_booked_it_earns_nothing(
    market: Market, jobs: Jobs, books: Books, lamps: Json
) -> None:
    parcel = books.ship(market.supplier, lamps, 3)
    call(market.supplier, parcel, "void", reason="Wrong order")
    jobs.drain()
    assert earnings(books) == []


def test_units_put_right_are_earned_as_they_are(market: Market, jobs: Jobs, books: Books, lamps: Json) -> None:
    line = lamps["lines"][0]["id"]
    parcel = books.ship(market.supplier, lamps, 3)
    jobs.drain()
    whole = books.ledger()["supplier_payable:first"]
    answer = call(market.supplier, parcel, "correct", lines=[{"line_id": line, "quantity": 2}])
    assert answer["status"] == 200
    jobs.drain()
    assert [state for state, _ in earnings(books)] == ["REVERSED", "REVERSED", "HELD"]
    part = books.ledger()["supplier_payable:first"]
    assert whole < part < 0
    books.ship(market.supplier, lamps, 1)
    jobs.drain()
    assert books.ledger()["supplier_payable:first"] == whole, "parts add up to the cent"
    refused = call(market.supplier, parcel, "correct", lines=[{"line_id": line, "quantity": 4}])
    assert (refused["status"], refused["code"]) == (409, "quantity_exceeds_open")


def test_what_arrived_is_neither_taken_back_nor_kept_from_its_supplier(
    market: Market, jobs: Jobs, books: Books, lamps: Json
) -> None:
    parcel = books.ship(market.supplier, lamps, 3)
    books.arrived(market.supplier, parcel)
    jobs.drain()
    refused = call(market.supplier, parcel, "void", reason="Too late")
    assert (refused["status"], refused["code"]) == (409, "already_handed_over")
    books.enough_balance()
    books.later("pay_suppliers", days=7, minutes=1)
    assert len(books.transfers(market.supplier)) == 1
    assert call(market.supplier, parcel, "void", reason="Too late")["status"] == 409
    assert [state for state, _ in earnings(books)] == ["PAID"]


def test_taking_back_and_the_first_scan_cant_both_win(market: Market, jobs: Jobs, books: Books, lamps: Json) -> None:
    parcel = books.ship(market.supplier, lamps, 3)
    jobs.drain()
    outcomes: list[str] = []

    def scan() -> None:
        event = CarrierEvent(id="1", at=clock.now(), delivery_status="in_transit", description="Collected")
        with db.system_scope(actor="test"), db.transaction() as session:
            record_tracking(session, parcel_id, [event], source="carrier")

    def take_back() -> None:
        try:
            with db.system_scope(actor="test"), db.transaction() as session:
                void(session, market.supplier.id, parcel_id, reason="Race")
            outcomes.append("voided")
        except Conflict:
            outcomes.append("refused")

    parcel_id = books.row("select id from shipments where id = %s", parcel["id"])["id"]
    runners: list[Callable[[], None]] = [scan, take_back]
    threads = [threading.Thread(target=one) for one in runners]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    jobs.drain()
    row = books.row("select * from shipments where id = %s", parcel["id"])
    found = books.rows("select kind from shipment_exceptions")
    if outcomes == ["voided"]:
        assert (row["shipment_status"], found) == ("voided", [{"kind": "scanned_after_void"}])
        assert [state for state, _ in earnings(books)] == ["REVERSED", "REVERSED"]
    else:
        assert (row["shipment_status"], found) == ("shipped", [])
        assert [state for state, _ in earnings(books)] == ["HELD"]


def test_a_package_is_announced_by_the_api_and_leaves_with_its_number(
    market: Market, jobs: Jobs, books: Books, order: Json, lamps: Json
) -> None:
    body = {
        "packages": [
            {
                "package_ref": "SSCC-77",
                "expected_ship_on": (clock.now().date() + timedelta(days=2)).isoformat(),
                "lines": [{"line_id": lamps["lines"][0]["id"], "quantity": 3}],
            }
        ]
    }
    path = f"/api/supplier/orders/{lamps['id']}/announce"
    answers = [market.supplier.api.post(path, body) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 200]
    (package,) = answers[0].json["shipments"]
    assert (package["shipment_status"], package["shipped_at"], package["package_ref"]) == ("announced", None, "SSCC-77")
    jobs.drain()
    assert books.order(order)["status"] == "PROCESSING"
    assert earnings(books) == []
    left = call(market.supplier, package, "hand-over", tracking_number="1Z5R89390357567127")
    assert (left["status"], left["shipment_status"], left["carrier"]) == (200, "shipped", "ups")
    jobs.drain()
    assert [state for state, _ in earnings(books)] == ["HELD"]
    listed = market.supplier.api.get(f"/api/supplier/orders/{lamps['id']}/shipments").json["shipments"]
    assert [one["id"] for one in listed] == [package["id"]]


def test_other_suppliers_parcels_are_nobodys_business(market: Market, jobs: Jobs, books: Books, lamps: Json) -> None:
    parcel = books.ship(market.supplier, lamps, 1)
    for what, body in (("void", {"reason": "x"}), ("correct", {"tracking_number": "X"}), ("hand-over", {})):
        assert call(market.other_supplier, parcel, what, **body)["status"] == 404
    assert market.other_supplier.api.get(f"/api/supplier/orders/{lamps['id']}/shipments").status_code == 404
    assert books.browser(market.other_supplier).get(f"/supplier/parcels/{parcel['id']}").status_code == 404


def test_the_portal_puts_right_takes_back_and_says_why_it_cant(
    market: Market, jobs: Jobs, books: Books, lamps: Json
) -> None:
    browser, line = books.browser(market.supplier), lamps["lines"][0]["id"]
    desk = f"/supplier/purchase-orders/{lamps['id']}"
    day = (clock.now().date() + timedelta(days=1)).isoformat()
    ahead = browser.submit(
        desk,
        f"{desk}/ship",
        **{"tracking_number": "N-1", "number_is_right": "1", f"units-{line}": "1", "expected_ship_on": day},
    )
    assert "parcel_announced" in ahead.headers["Location"]
    parcels = market.supplier.api.get(f"/api/supplier/orders/{lamps['id']}/shipments").json["shipments"]
    page = f"/supplier/parcels/{parcels[0]['id']}"
    assert "Announced" in text_of(browser.get(page))
    assert browser.submit(page, f"{page}/hand-over").status_code == 303
    wrong = browser.submit(page, f"{page}/correct", carrier="ups", tracking_number="1Z5R89390357567128")
    assert wrong.status_code == 422, "a number that the carrier would not write is asked about"
    right = {"carrier": "ups", "tracking_number": "1Z5R89390357567127", f"units-{line}": "2"}
    assert browser.submit(page, f"{page}/correct", **right).status_code == 303
    jobs.drain()
    assert browser.submit(page, f"{page}/correct", tracking_number="").status_code == 422
    assert browser.submit(page, f"{page}/correct", carrier="dhl").status_code == 422, "it is a number of UPS"
    assert browser.submit(page, f"{page}/correct", carrier="dhl", number_is_right="1").status_code == 303
    assert "1Z5R89390357567127 is with DHL, not with UPS." in text_of(browser.get(desk))
    shown = text_of(browser.get(page))
    assert "1Z5R89390357567127" in shown
    assert browser.submit(page, f"{page}/void", reason="Box broke").status_code == 303
    assert "Taken back" in text_of(browser.get(page))
    late = books.press(market.supplier, f"{page}/correct", tracking_number="Z")
    assert late.status_code == 409
    assert "Ship it anew" in text_of(late)
