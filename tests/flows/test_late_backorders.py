"""Goods that a supplier promises for a day that is too far away: the retailer is asked whether to wait for them."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from app import db
from app.kit import clock
from app.notifications.service import latest_emails
from app.suppliers.models import Supplier
from tests.flows.books import Books, Json
from tests.flows.deciding import Desk, desk
from tests.web.browsing import text_of

__all__ = ["desk"]


def day(ahead: int) -> str:
    """A day from now."""
    return (clock.now().date() + timedelta(days=ahead)).isoformat()


def later(ahead: int, units: int | None = None) -> Json:
    """The answer that units come on that day."""
    return {"status": "backordered", "available_on": day(ahead), **({"quantity": units} if units else {})}


def choose(desk: Desk, order: Json, choice: str, **more: str) -> None:
    """The retailer chooses, and time passes until it is done."""
    path = f"/api/orders/{order['id']}/decisions/{desk.decision(order)['id']}"
    answer = desk.market.retailer.api.post(path, {"choice": choice, **more})
    assert answer.status_code == 200, answer.text
    desk.later("watch_decisions", hours=1)


def units(desk: Desk, order: Json) -> tuple[int, int, int]:
    """Of the first supplier's line: units ordered, cancelled, and still to come later."""
    (one,) = desk.purchase_orders(order, desk.market.supplier)
    (line,) = desk.market.supplier.api.get(f"/api/supplier/orders/{one['id']}").json["lines"]
    return line["quantity"], line["cancelled"], line["backordered"]


@pytest.mark.parametrize(("limit", "ahead", "asked"), [(30, 30, False), (30, 31, True), (5, 6, True), (0, 1, True)])
def test_the_retailer_is_asked_about_what_comes_later_than_it_waits(
    desk: Desk, books: Books, limit: int, ahead: int, asked: bool
) -> None:
    desk.rules(backorder_days=limit)
    order = desk.buys(5)
    desk.answers(order, **later(ahead, 2))
    notices = books.notices(desk.market.retailer)
    if not asked:
        assert desk.decisions(order) == []
        assert "backorder" in notices and "order_decision" not in notices
        return
    found = desk.decision(order)
    assert (found["kind"], found["units"], found["choices"][0]) == ("later", 2, "wait")
    assert "order_decision" in notices and "backorder" not in notices, "it is told once"
    with db.system_scope(actor="test"), db.transaction() as session:
        (letter,) = [one.text for one in latest_emails(session) if one.kind == "order_decision"]
    assert "later than you wait without being asked" in " ".join(letter.split())
    page = text_of(books.browser(desk.market.retailer).get(f"/app/orders/{order['id']}"))
    assert "sends it late" in page and "The supplier sends it when it is there." in page
    (stuck,) = desk.market.retailer.api.get("/api/exceptions").json["items"]
    assert (stuck["kind"], stuck["heading"]) == ("order_decision", "Comes too late")


def test_a_promised_day_is_over_when_it_is_over_where_the_supplier_is(desk: Desk, books: Books) -> None:
    supplier = desk.market.supplier
    with db.system_scope(actor="test"), db.transaction() as session:
        session.get_one(Supplier, supplier.id).timezone = "America/Los_Angeles"
    order = desk.buys(2)
    there = ZoneInfo("America/Los_Angeles")
    today = clock.now().astimezone(there).date()
    desk.answers(order, status="backordered", available_on=(today + timedelta(days=2)).isoformat())
    midnight = datetime.combine(today + timedelta(days=3), time(), there)
    (mine,) = desk.purchase_orders(order, supplier)
    path = f"/api/supplier/orders/{mine['id']}"
    ship_by = clock.parse_iso(supplier.api.get(path).json["ship_by"])
    assert ship_by.astimezone(there).time() == time(23, 59, 59), "so is the day to ship by"
    for moment, overdue in ((midnight - timedelta(minutes=1), False), (midnight + timedelta(minutes=1), True)):
        with clock.shifted(moment - clock.now()):
            found = [one["kind"] for one in supplier.api.get("/api/supplier/exceptions").json["items"]]
            shown = books.browser(supplier).get(f"/supplier/purchase-orders/{mine['id']}").text
        assert ("backorder_overdue" in found) is overdue
        assert ("tone-critical" in shown.partition("Next:")[0][-300:]) is overdue, "so does its page"


def test_who_waits_is_not_asked_again_before_the_day_is_another_one(desk: Desk) -> None:
    order = desk.buys(5)
    desk.answers(order, **later(60, 3))
    choose(desk, order, "wait")
    assert [one["state"] for one in desk.decisions(order)] == ["DONE"]
    assert units(desk, order) == (5, 0, 3)
    desk.answers(order, **later(60, 2))
    desk.answers(order, **later(45, 3))
    assert len(desk.decisions(order)) == 1, "it agreed to more, and to a later day"
    desk.answers(order, **later(75, 3))
    assert [one["state"] for one in desk.decisions(order)] == ["DONE", "OPEN"]


@pytest.mark.parametrize("nearer", [{"status": "accepted"}, later(9, 3)])
def test_a_day_that_is_near_enough_ends_the_question(desk: Desk, books: Books, nearer: Json) -> None:
    order = desk.buys(5)
    desk.answers(order, **later(60, 3))
    desk.answers(order, **nearer)
    assert [one["state"] for one in desk.decisions(order)] == ["OVERTAKEN"]
    assert "order_decision" not in books.notices(desk.market.retailer)


def test_fewer_units_are_asked_about_anew(desk: Desk) -> None:
    order = desk.buys(5)
    desk.answers(order, **later(60, 3))
    desk.answers(order, status="rejected", quantity=1, reason="other")
    asked = [(one["kind"], one["units"]) for one in desk.decisions(order) if one["state"] == "OPEN"]
    assert sorted(asked) == [("later", 2), ("rejected", 1)]


def test_units_that_come_too_late_go_to_another_supplier(desk: Desk) -> None:
    desk.link()
    order = desk.buys(5)
    desk.answers(order, **later(60, 2))
    choose(desk, order, "reroute")
    assert units(desk, order) == (5, 2, 0)
    (other,) = desk.purchase_orders(order, desk.market.other_supplier)
    assert [line["quantity"] for line in other["lines"]] == [2]
    (first,) = desk.purchase_orders(order, desk.market.supplier)
    assert first["status"] == "CONFIRMED", "the three that are there are to be shipped"
    desk.balanced(order, "rerouted")


@pytest.mark.parametrize("by", ["choice", "deadline"])
def test_units_that_come_too_late_are_refunded(desk: Desk, books: Books, by: str) -> None:
    order = desk.buys(5)
    desk.answers(order, **later(60, 2))
    if by == "choice":
        choose(desk, order, "refund")
    else:
        desk.later("watch_decisions", hours=25)
    assert units(desk, order) == (5, 2, 0)
    assert desk.market.stock(desk.lamp)["reserved"] == 3
    desk.balanced(order, by)


def test_what_has_left_sooner_is_not_asked_about(desk: Desk, books: Books) -> None:
    order = desk.buys(5)
    desk.answers(order, **later(60, 2))
    (one,) = desk.purchase_orders(order, desk.market.supplier)
    books.ship(desk.market.supplier, one, 5)
    desk.jobs.drain()
    assert [one["state"] for one in desk.decisions(order)] == ["OVERTAKEN"]


def test_the_limit_is_kept_where_it_is_not_said(desk: Desk, books: Books) -> None:
    desk.rules(backorder_days=7)
    desk.rules()
    assert desk.market.retailer.api.get("/api/answer-rules").json["backorder_days"] == 7
    retailer = books.browser(desk.market.retailer)
    assert retailer.submit("/app/routing", "/app/routing/answers", backorder_days="366").status_code == 422
    assert retailer.submit("/app/routing", "/app/routing/answers", backorder_days="12").status_code == 303
    assert desk.market.retailer.api.get("/api/answer-rules").json["backorder_days"] == 12
