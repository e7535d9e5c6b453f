"""Parcels that are late, silent, lost or coming back: found and told once, and carried through to the money."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app import db
from app.fulfillment.carrier import CarrierEvent
from app.fulfillment.service import record_tracking
from app.kit import clock
from app.kit.ids import new_id
from tests.flows.books import Books, Json
from tests.flows.carriers import change
from tests.market import Market, Party
from tests.stack import Jobs
from tests.web.browsing import text_of
from tests.web.pages.test_guards import signed_in

WATCH = "watch_parcels"


@pytest.fixture
def order(books: Books, market: Market) -> Json:
    for party in (market.supplier, market.retailer):
        # Somebody is there to be written to.
        books.browser(party)
    return books.paid_order((market.lamp.variants[0], 3))


@pytest.fixture
def lamps(books: Books, market: Market, order: Json) -> Json:
    return books.purchase_order(order, market.supplier)


def found(books: Books) -> list[tuple[str, str, str | None]]:
    rows = books.rows("select kind, state, resolution from shipment_exceptions order by found_at, id")
    return [(row["kind"], row["state"], row["resolution"]) for row in rows]


def open_id(books: Books) -> str:
    return str(books.row("select id from shipment_exceptions where state = 'open'")["id"])


def scan(books: Books, jobs: Jobs, parcel: Json, status: str = "in_transit", days_ago: float = 0) -> None:
    shipment = books.row("select id from shipments where id = %s", parcel["id"])["id"]
    at = clock.now() - timedelta(days=days_ago)
    event = CarrierEvent(id=str(new_id()), at=at, delivery_status=status, description=status)
    with db.system_scope(actor="test"), db.transaction() as session:
        record_tracking(session, shipment, [event], source="carrier")
    jobs.drain()


def sent(books: Books, market: Market, jobs: Jobs, lamps: Json, units: int = 3) -> Json:
    parcel = books.ship(market.supplier, lamps, units, number=f"SC{new_id().hex[:12].upper()}")
    jobs.drain()
    return parcel


def test_what_has_not_left_is_told_once_put_off_and_found_again(
    market: Market, jobs: Jobs, books: Books, lamps: Json
) -> None:
    for _ in range(2):
        books.later(WATCH, days=20)
    assert found(books) == [("late", "open", None)]
    assert len(books.letters("parcel")) == 2, "one to either side"
    assert "should have left by now" in books.notices(market.supplier)["parcel"]
    desk = f"/supplier/purchase-orders/{lamps['id']}"
    day = (clock.now() + timedelta(days=25)).date().isoformat()
    answer = books.browser(market.supplier).submit(
        desk, f"/supplier/parcel-troubles/{open_id(books)}/on-its-way", expected_on=day
    )
    assert answer.status_code == 303
    jobs.drain()
    assert "parcel" not in books.notices(market.supplier)
    books.later(WATCH, days=25)
    assert found(books) == [("late", "resolved", "on_its_way")], "the new day is not over"
    books.later(WATCH, days=27)
    assert found(books)[1:] == [("late", "open", None)]
    sent(books, market, jobs, lamps)
    assert [state for _, state, _ in found(books)] == ["resolved", "resolved"]


def test_a_label_without_a_scan_is_told_and_over_with_the_scan(
    market: Market, jobs: Jobs, books: Books, lamps: Json
) -> None:
    parcel = sent(books, market, jobs, lamps)
    books.later(WATCH, days=2)
    assert found(books) == []
    for _ in range(2):
        books.later(WATCH, days=8)
    assert found(books) == [("no_scan", "open", None)]
    listed = market.supplier.api.get("/api/supplier/exceptions").json["items"]
    assert [one["kind"] for one in listed if one["kind"] == "parcel"] == ["parcel"]
    scan(books, jobs, parcel)
    assert found(books) == [("no_scan", "resolved", "moved")]


def test_a_parcel_that_does_not_move_is_stuck_and_then_lost(
    market: Market, jobs: Jobs, books: Books, lamps: Json
) -> None:
    parcel = sent(books, market, jobs, lamps)
    scan(books, jobs, parcel)
    books.later(WATCH, days=15)
    assert found(books) == [("stuck", "open", None)]
    books.later(WATCH, days=31)
    assert found(books) == [("stuck", "resolved", "worse"), ("lost", "open", None)]
    scan(books, jobs, parcel, "out_for_delivery")
    assert [state for _, state, _ in found(books)] == ["resolved", "resolved"]


def copies(table: str, row_id: object, each: str) -> None:
    """Many more rows like one of a table, more than are looked at together. ``each``: what is another in each, as JSON;
    ``n`` is its number."""
    change(
        f"insert into {table} select (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(), {each}))).* "
        f"from {table} t, generate_series(1, 310) n where t.id = %s",
        row_id,
    )


def test_what_may_still_leave_hides_nobody_who_is_late(market: Market, jobs: Jobs, books: Books, lamps: Json) -> None:
    closed = {"starts_on": clock.now().date().isoformat(), "ends_on": (clock.now() + timedelta(days=40)).date()}
    made = market.other_supplier.api.post("/api/supplier/closures", closed | {"ends_on": str(closed["ends_on"])})
    assert made.status_code == 201, made.text
    chairs = books.purchase_order(books.paid_order((market.chair.variants[0], 1)), market.other_supplier)
    change("update purchase_orders set ship_by = now() where id = %s", chairs["id"])
    copies("purchase_orders", chairs["id"], "'number', 'C-' || n, 'wave', n")
    books.later(WATCH, days=20)
    assert [str(one["purchase_order_id"]) for one in books.rows("select * from shipment_exceptions")] == [lamps["id"]]


def test_parcels_that_stay_quiet_hide_nobody_who_is_lost(market: Market, jobs: Jobs, books: Books, lamps: Json) -> None:
    quiet = sent(books, market, jobs, lamps, 1)
    scan(books, jobs, quiet)
    copies("shipments", quiet["id"], "'tracking_number', 'QUIET' || n")
    gone = sent(books, market, jobs, lamps, 2)
    scan(books, jobs, gone, days_ago=20)
    # Abroad and stuck, but not lost for long: all but one.
    books.later(WATCH, days=15)
    assert found(books).count(("stuck", "open", None)) == 311
    assert books.rows("select id from shipment_exceptions where kind = 'lost' and shipment_id = %s", gone["id"])
    books.later(WATCH, days=16)
    assert len(found(books)) == 312, "each thing is found once"


def test_what_was_put_aside_is_shown_again_when_it_becomes_worse(
    market: Market, jobs: Jobs, books: Books, lamps: Json
) -> None:
    parcel = sent(books, market, jobs, lamps)
    scan(books, jobs, parcel)
    books.later(WATCH, days=28)
    with clock.shifted(timedelta(days=28)):
        aside = signed_in(market, "supplier").submit(
            "/supplier/exceptions", f"/exceptions/parcel/{parcel['id']}/snooze", **{"for": "week"}
        )
    assert aside.status_code == 303
    books.later(WATCH, days=31)
    jobs.drain()
    with clock.shifted(timedelta(days=31)):
        listed = market.supplier.api.get("/api/supplier/exceptions").json["items"]
    assert [one["reason"] for one in listed if one["kind"] == "parcel"] == ["lost"]


def lost(books: Books, market: Market, jobs: Jobs, lamps: Json, units: int = 3) -> Json:
    parcel = sent(books, market, jobs, lamps, units)
    scan(books, jobs, parcel)
    books.later(WATCH, days=31)
    assert found(books)[-1] == ("lost", "open", None)
    return parcel


def test_a_lost_parcel_is_paid_back_to_the_cent(
    market: Market, jobs: Jobs, books: Books, order: Json, lamps: Json
) -> None:
    parcel = lost(books, market, jobs, lamps)
    charged = books.charge(order)["amount"]
    page = f"/supplier/parcels/{parcel['id']}"
    refund = f"/supplier/parcel-troubles/{open_id(books)}/refund"
    assert books.browser(market.supplier).submit(page, refund).status_code == 303
    jobs.drain()
    assert books.given_back(order) == [charged]
    assert books.order(order)["status"] == "CANCELLED"
    assert [account for account in books.ledger() if account.startswith(("supplier", "goods", "commission"))] == []
    assert books.press(market.supplier, refund).status_code == 303, "twice is once"
    jobs.drain()
    assert books.given_back(order) == [charged]
    scan(books, jobs, parcel, "delivered")
    assert books.order(order)["status"] == "CANCELLED"
    jobs.run_scheduled("reconcile_books")
    assert books.rows("select * from reconciliation_breaks where state = 'OPEN'") == []


def test_what_is_left_of_an_order_stays_earned(
    market: Market, jobs: Jobs, books: Books, lamps: Json, order: Json
) -> None:
    sent(books, market, jobs, lamps, 1)
    lost(books, market, jobs, lamps, 2)
    (one,) = books.rows(
        "select id from shipment_exceptions where kind = 'lost' and state = 'open' order by id limit 1"
    )[:1]
    books.press(market.supplier, f"/supplier/parcel-troubles/{one['id']}/refund")
    jobs.drain()
    assert sum(books.given_back(order)) < books.charge(order)["amount"]
    states = [row["state"] for row in books.rows("select state from earnings order by id")]
    assert sorted(states) == ["HELD", "REVERSED", "REVERSED"]


def advice(party: Party, path: str = "/api/exceptions") -> str:
    """What a party reads that it can do about the one parcel."""
    (one,) = party.api.get(path, kind="parcel").json["items"]
    return str(one["advice"])


def test_a_retailers_claim_is_answered_or_paid_back(
    market: Market, jobs: Jobs, books: Books, order: Json, lamps: Json
) -> None:
    parcel = lost(books, market, jobs, lamps)
    page = f"/app/parcels/{parcel['id']}"
    assert "Counts as lost" in text_of(books.browser(market.retailer).get(page))
    assert advice(market.supplier, "/api/supplier/exceptions").startswith(
        "The retailer says whether it wants its money back"
    ), "up to the retailer"
    assert advice(market.retailer).startswith("Say whether you want your money back")
    for _ in range(2):
        assert books.press(market.retailer, f"{page}/claim", wanted="reship").status_code == 303
    jobs.drain()
    assert advice(market.supplier, "/api/supplier/exceptions") == "Send another parcel, or give the money back."
    assert advice(market.retailer).startswith("The supplier sends another parcel")
    assert (
        books.letters("parcel").count(f"Parcel {parcel['tracking_number']} is lost: the retailer wants another parcel")
        == 1
    )
    books.later(WATCH, days=2)
    assert books.given_back(order) == []
    books.later(WATCH, days=6)
    assert books.given_back(order) == [books.charge(order)["amount"]]
    assert found(books)[-1] == ("lost", "resolved", "refunded")
    other = books.press(market.other_retailer, f"{page}/claim", wanted="refund")
    assert other.status_code == 404


def test_what_comes_back_is_sent_again_and_earned_once(
    market: Market, jobs: Jobs, books: Books, order: Json, lamps: Json
) -> None:
    parcel = sent(books, market, jobs, lamps)
    scan(books, jobs, parcel)
    scan(books, jobs, parcel, "return_to_sender")
    assert found(books) == [("returned_to_sender", "open", None)]
    earned = books.ledger()
    again = f"/supplier/parcel-troubles/{open_id(books)}/resend"
    page = f"/supplier/parcels/{parcel['id']}"
    answer = books.browser(market.supplier).submit(page, again, tracking_number="1Z5R89390357567127", carrier="")
    assert answer.status_code == 303, answer.text
    jobs.drain()
    assert books.press(market.supplier, again, tracking_number="1Z5R89390357567127").status_code == 303, "twice is once"
    assert market.count("shipments") == 2
    assert books.ledger() == earned, "nobody pays twice"
    new = books.row("select id from shipments where replaces_id is not null")
    assert books.press(market.supplier, f"/supplier/shipments/{new['id']}/delivered").status_code == 303
    jobs.drain()
    assert books.order(order)["status"] == "DELIVERED"
    assert books.row("select payable_at from earnings")["payable_at"] is not None
    late = books.press(
        market.supplier, f"/supplier/parcel-troubles/{books.row('select id from shipment_exceptions')['id']}/refund"
    )
    assert late.status_code == 409


def test_other_suppliers_troubles_are_nobodys_business(market: Market, jobs: Jobs, books: Books, lamps: Json) -> None:
    lost(books, market, jobs, lamps)
    path = f"/supplier/parcel-troubles/{open_id(books)}"
    for what, values in (("refund", {}), ("resend", {"tracking_number": "X1"}), ("seen", {"note": "x"})):
        assert books.press(market.other_supplier, f"{path}/{what}", **values).status_code == 404
