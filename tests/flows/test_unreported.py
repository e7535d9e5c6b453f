"""Parcels whose way nobody reports: retailers say whether they have arrived, and suppliers are paid in the end."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from app import db
from app.fulfillment.carrier import CarrierEvent
from app.fulfillment.service import record_tracking
from app.fulfillment.service.accounts import save_account
from app.kit import clock
from app.kit.ids import new_id
from app.settlement.service.earning import earn
from tests.flows.books import Books, Json
from tests.flows.carriers import change
from tests.flows.test_parcel_troubles import WATCH, order
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import text_of
from tests.web.pages.test_guards import signed_in

__all__ = ["order"]

ASSUME = "assume_arrivals"


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
    with db.system_scope(actor="test"), db.transaction() as session:
        save_account(session, market.supplier.id, gateway="easypost", api_key="a", hook_secret="", form="PDF")
    asked_about = books.row("select next_poll_at from shipments")["next_poll_at"]
    assert asked_about is None, "an account that came too late opens nothing that is settled"
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


@pytest.fixture
def again(market: Market, jobs: Jobs, books: Books, parcel: Json) -> Json:
    """The parcel was missed and its goods were sent again, with a carrier that nobody can ask either. ``asked``: in how
    many days its retailer is asked about the second one; ``last``: in how many the last one is over."""
    missed = days_to(counts_on(books)) - 13
    books.later(WATCH, days=missed)
    with clock.shifted(timedelta(days=missed)):
        assert market.retailer.api.post(f"/api/shipments/{parcel['id']}/missing", {}).status_code == 200
        lost = books.row("select id from shipment_exceptions where state = 'open'")["id"]
        way = f"/api/supplier/parcel-exceptions/{lost}/resend"
        made = market.supplier.api.post(way, {"tracking_number": "QX 5678"})
        assert made.status_code == 201, made.text
    change("update shipments set carrier = 'somebody' where id = %s", made.json["id"])
    jobs.drain()
    books.later("poll_tracking", days=missed, hours=2)
    books.later(WATCH, days=missed, hours=4)
    on = books.row("select assumed_on from shipments where id = %s", made.json["id"])["assumed_on"]
    books.later(WATCH, days=days_to(on) - 13)
    jobs.drain()
    return {"id": made.json["id"], "lost": str(lost), "asked": days_to(on) - 13, "last": days_to(on)}


def goes_back(jobs: Jobs, parcel: Json, days: int) -> None:
    with clock.shifted(timedelta(days=days)), db.system_scope(actor="test"), db.transaction() as session:
        seen = CarrierEvent(id=str(new_id()), at=clock.now(), delivery_status="return_to_sender", description="Back")
        record_tracking(session, UUID(parcel["id"]), [seen], source="carrier")
    jobs.drain()


def open_kinds(books: Books) -> list[str]:
    return [one["kind"] for one in books.rows("select kind from shipment_exceptions where state = 'open'")]


def settled(books: Books, order: Json, jobs: Jobs) -> None:
    """The supplier is paid, and nothing went back."""
    assert earning(books)["state"] == "PAID"
    assert books.given_back(order) == []
    jobs.run_scheduled("reconcile_books")
    assert books.rows("select * from reconciliation_breaks where state = 'OPEN'") == []


def test_what_is_paid_with_the_second_parcel_is_not_taken_back_with_the_first(
    market: Market, jobs: Jobs, books: Books, order: Json, parcel: Json, again: Json
) -> None:
    last = again["last"]
    books.later(ASSUME, days=last + 1)
    books.enough_balance()
    books.later("pay_suppliers", days=last + 1, hours=1)
    books.jobs.drain()
    way = f"/api/supplier/shipments/{parcel['id']}"
    lines = [{"line_id": books.purchase_order(order, market.supplier)["lines"][0]["id"], "quantity": 1}]
    for path, body in (("void", {"reason": "It never left"}), ("correct", {"lines": lines})):
        refused = market.supplier.api.post(f"{way}/{path}", body)
        assert (refused.status_code, refused.json["code"]) == (409, "counted_as_arrived"), path
    goes_back(jobs, parcel, last + 2)
    for one in books.rows("select id from shipment_exceptions where state = 'open'"):
        market.supplier.api.post(f"/api/supplier/parcel-exceptions/{one['id']}/refund", {})
    jobs.drain()
    settled(books, order, jobs)
    assert open_kinds(books) == [], "its goods are settled"
    change("update shipments set shipment_status = 'returned' where id = %s", parcel["id"])
    with pytest.raises(ValueError, match="paid out"), db.system_scope(actor="test"), db.transaction() as session:
        earn(session, UUID(parcel["id"]))


def test_what_was_open_when_the_goods_counted_as_arrived_is_refused_and_ended(
    market: Market, jobs: Jobs, books: Books, order: Json, parcel: Json, again: Json
) -> None:
    last = again["last"]
    goes_back(jobs, parcel, again["asked"])
    assert sorted(open_kinds(books)) == ["returned_to_sender", "unreported"]
    back = books.row("select id from shipment_exceptions where kind = 'returned_to_sender'")["id"]
    books.later(ASSUME, days=last + 1)
    books.enough_balance()
    books.later("pay_suppliers", days=last + 1, hours=1)
    books.jobs.drain()
    page = f"/app/parcels/{parcel['id']}"
    for _ in range(2):
        with clock.shifted(timedelta(days=last + 1, hours=2)):
            claim = market.retailer.api.post(f"/api/parcel-exceptions/{back}/claim", {"wanted": "refund"})
            assert (claim.status_code, claim.json["code"]) == (409, "counted_as_arrived")
            refund = market.supplier.api.post(f"/api/supplier/parcel-exceptions/{back}/refund", {})
            assert (refund.status_code, refund.json["code"]) == (409, "counted_as_arrived")
        refused = books.press(market.retailer, f"{page}/claim", wanted="refund")
        assert refused.status_code == 409 and "they count as arrived" in text_of(refused)
        books.later(WATCH, days=last + 1, hours=3)
        assert open_kinds(books) == [], "there is nothing left to claim"
    ended = books.row("select resolution from shipment_exceptions where id = %s", back)["resolution"]
    assert ended == "assumed"
    assert "goes back to your card" not in shown(market, parcel, last + 1)[0]
    settled(books, order, jobs)


def test_the_second_parcel_does_not_count_as_arrived_while_the_first_is_claimed(
    market: Market, jobs: Jobs, books: Books, order: Json, parcel: Json, again: Json
) -> None:
    last = again["last"]
    goes_back(jobs, parcel, again["asked"])
    back = books.row("select id from shipment_exceptions where kind = 'returned_to_sender'")["id"]
    with clock.shifted(timedelta(days=last)):
        claim = market.retailer.api.post(f"/api/parcel-exceptions/{back}/claim", {"wanted": "refund"})
        assert claim.status_code == 200, claim.text
    books.later(ASSUME, days=last + 1)
    assert earning(books)["payable_at"] is None
    books.later(WATCH, days=last + 12)
    assert books.given_back(order) == [books.charge(order)["amount"]]
    for job in (WATCH, ASSUME):
        books.later(job, days=last + 20)
    assert open_kinds(books) == [], "nobody is asked about what was paid back"
    assert books.row("select assumed_at from shipments where id = %s", again["id"])["assumed_at"] is None


def test_goods_that_came_with_the_second_parcel_are_not_taken_back_with_the_first(
    market: Market, jobs: Jobs, books: Books, order: Json, parcel: Json, again: Json
) -> None:
    with clock.shifted(timedelta(days=again["asked"])):
        goes_back(jobs, parcel, 0)
        assert market.retailer.api.post(f"/api/shipments/{again['id']}/arrived", {}).status_code == 200
    jobs.drain()
    back = books.row("select id from shipment_exceptions where kind = 'returned_to_sender'")["id"]
    claim = market.retailer.api.post(f"/api/parcel-exceptions/{back}/claim", {"wanted": "refund"})
    assert (claim.status_code, claim.json["code"]) == (409, "exception_over")
    books.later(WATCH, days=again["last"])
    assert open_kinds(books) == []
    assert books.row("select resolution from shipment_exceptions where id = %s", back)["resolution"] == "arrived"
    assert books.given_back(order) == []
