"""Plans: orders of a month are counted once, those beyond the plan wait, and go on oldest first."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from app import db
from app.billing.rules import Usage, month_of, next_month, warned_from
from app.identity.models import Organisation
from app.kit import clock
from tests.flows.books import Books
from tests.flows.storefront import Json, Storefront
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import text_of


def give_plan(books: Books, market: Market, name: str, orders: int | None) -> None:
    """The platform defines a plan, or changes it, and gives it to the retailer."""
    known = books.rows("select id from plans where name = %s", name)
    limit = "" if orders is None else str(orders)
    path = f"/console/plans/{known[0]['id']}" if known else "/console/plans"
    saved = books.press(market.admin, path, name=name, orders_a_month=limit)
    assert saved.status_code == 303, text_of(saved)
    plan = books.row("select id from plans where name = %s", name)["id"]
    path = f"/console/plans/retailers/{market.retailer.id}"
    assert books.press(market.admin, path, plan_id=str(plan)).status_code == 303
    books.jobs.drain()


def lamp_order(storefront: Storefront) -> Json:
    storefront.tell("orders/paid", storefront.order(storefront.line(storefront.market.lamp.variants[0], 1)))
    return storefront.orders()[-1]


def states(storefront: Storefront) -> list[str]:
    """Each order's status, with what holds it."""
    return [" ".join([one["status"], *(hold["reason"] for hold in one["holds"])]) for one in storefront.orders()]


def usage(market: Market) -> dict[str, Any]:
    answer = market.retailer.api.get("/api/plan")
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def to_next_month() -> timedelta:
    """From now into the next month, wherever the retailer is."""
    first = next_month(clock.now().date().replace(day=1))
    return datetime(first.year, first.month, 2, tzinfo=UTC) - clock.now()


def test_without_a_plan_all_orders_go_and_are_counted(storefront: Storefront) -> None:
    lamp_order(storefront)
    found = usage(storefront.market)
    assert (found["plan"], found["orders_a_month"], found["used"], found["left"]) == (None, None, 1, None)
    month = clock.now().date().replace(day=1)
    assert (found["month"], found["renews_on"]) == (month.isoformat()[:7], next_month(month).isoformat())


def test_orders_beyond_the_plan_wait_and_go_on_oldest_first_when_it_is_raised(
    storefront: Storefront, books: Books
) -> None:
    market = storefront.market
    give_plan(books, market, "Small", 1)
    for _ in range(4):
        lamp_order(storefront)
    assert states(storefront) == ["PENDING"] + ["ON_HOLD plan_limit"] * 3
    held = storefront.orders()[1]
    assert (held["holds"][0]["releases"], held["holds"][0]["ends_by"]) == ("platform", "plan")
    assert books.taken(held) == []
    assert storefront.reserved() == (4, 0), "their units are set aside meanwhile"
    page = f"/app/orders/{held['id']}"
    shop = books.browser(market.retailer)
    seen = text_of(shop.get(page))
    assert "All orders of your plan are used" in seen
    assert "1 of 1 orders a month of your plan “Small” were used." in seen
    shown = BeautifulSoup(shop.get(page).text, "html.parser")
    assert shown.select("main a[href='/app/billing']"), "the way to the plan"
    bill = text_of(shop.get("/app/billing"))
    assert "Orders waiting for your plan: 3" in bill
    assert "1 of 1" in bill
    # The retailer can neither release it nor have it tried past the plan.
    assert market.retailer.api.post(f"/api/orders/{held['id']}/release", {}).status_code == 409
    assert books.press(market.retailer, f"{page}/resume").status_code == 303
    assert states(storefront)[1] == "ON_HOLD plan_limit"
    give_plan(books, market, "Small", 3)
    assert states(storefront) == ["PENDING"] * 3 + ["ON_HOLD plan_limit"]
    assert books.taken(held) == [books.taken(storefront.orders()[0])[0]]
    # One that is newer does not overtake it.
    give_plan(books, market, "Larger", 5)
    lamp_order(storefront)
    assert states(storefront) == ["PENDING"] * 5
    assert usage(market)["used"] == 5


def test_a_new_month_lets_them_go_as_far_as_it_allows_and_a_newer_order_waits_behind_them(
    storefront: Storefront, jobs: Jobs, books: Books
) -> None:
    give_plan(books, storefront.market, "Small", 2)
    for _ in range(5):
        lamp_order(storefront)
    assert states(storefront) == ["PENDING"] * 2 + ["ON_HOLD plan_limit"] * 3
    with clock.shifted(to_next_month()):
        newest = lamp_order(storefront)
        assert newest["holds"][0]["reason"] == "plan_limit", "three older ones come first"
        jobs.run_scheduled("watch_plans")
        assert states(storefront) == ["PENDING"] * 4 + ["ON_HOLD plan_limit"] * 2
        assert usage(storefront.market)["used"] == 2
        assert usage(storefront.market)["waiting"] == 2
        jobs.run_scheduled("watch_plans")
        assert states(storefront) == ["PENDING"] * 4 + ["ON_HOLD plan_limit"] * 2


def test_the_platform_releases_one_by_hand_and_it_counts(storefront: Storefront, books: Books) -> None:
    market = storefront.market
    give_plan(books, market, "Small", 1)
    for _ in range(3):
        lamp_order(storefront)
    last = storefront.orders()[-1]
    admin, page = books.browser(market.admin), f"/console/orders/{last['id']}"
    assert admin.submit(page, f"{page}/release").status_code == 303
    books.jobs.drain()
    assert states(storefront) == ["PENDING", "ON_HOLD plan_limit", "PENDING"]
    assert (usage(market)["used"], usage(market)["left"]) == (2, 0)
    give_plan(books, market, "Small", 2)
    assert states(storefront)[1] == "ON_HOLD plan_limit", "the one released by hand keeps its place"


def test_what_else_holds_an_order_is_looked_at_first_and_a_cancelled_one_takes_no_place(
    storefront: Storefront, books: Books
) -> None:
    give_plan(books, storefront.market, "Small", 1)
    body = storefront.order(shipping_address=None)
    storefront.tell("orders/paid", body)
    assert states(storefront) == ["ON_HOLD address_incomplete"]
    assert usage(storefront.market)["used"] == 0
    lamp_order(storefront)
    waiting = storefront.order(storefront.line(storefront.market.lamp.variants[0], 1))
    storefront.tell("orders/paid", waiting)
    storefront.tell("orders/cancelled", waiting | {"cancelled_at": "2026-11-01T10:07:00-04:00"})
    lamp_order(storefront)
    assert states(storefront)[1:] == ["PENDING", "CANCELLED", "ON_HOLD plan_limit"]
    give_plan(books, storefront.market, "Small", 2)
    assert states(storefront)[1:] == ["PENDING", "CANCELLED", "PENDING"]


def test_the_retailer_is_warned_once_at_eighty_percent_and_once_when_all_are_used_until_the_month_ends(
    storefront: Storefront, books: Books
) -> None:
    market = storefront.market
    give_plan(books, market, "Five", 5)

    def letters() -> list[str]:
        rows = books.rows("select dedupe from emails where kind = 'plan_usage' order by id")
        return [str(row["dedupe"]).split(":")[2] for row in rows]

    for count in range(1, 7):
        lamp_order(storefront)
        assert ("plan_usage" in books.notices(market.retailer)) == (count >= 4)
        assert sorted(set(letters())) == ([] if count < 4 else ["near"] if count == 4 else ["full", "near"])
    books.jobs.run_scheduled("watch_plans")
    assert "plan_usage" in books.notices(market.retailer)
    with clock.shifted(to_next_month()):
        books.jobs.run_scheduled("watch_plans")
        assert usage(market)["used"] == 1, "the one that waited"
        assert "plan_usage" not in books.notices(market.retailer)


def test_what_a_store_adds_to_an_order_waits_with_it_and_shares_its_place(storefront: Storefront, books: Books) -> None:
    market = storefront.market
    give_plan(books, market, "Small", 1)
    lamp = storefront.line(market.lamp.variants[0], 1)
    first, second, third = (storefront.order(lamp) for _ in range(3))
    for body in (first, second, third):
        storefront.tell("orders/paid", body)
    for body in (first, second):
        more = [lamp, storefront.line(market.chair.variants[0], 1)]
        storefront.tell("orders/updated", body | {"updated_at": "2026-11-01T11:00:00-04:00", "line_items": more})
    held = "ON_HOLD plan_limit"
    assert states(storefront) == ["PENDING", held, held, "PENDING", held]
    assert usage(market)["used"] == 1
    give_plan(books, market, "Small", 2)
    assert states(storefront) == ["PENDING", "PENDING", held, "PENDING", "PENDING"]
    assert usage(market)["used"] == 2


def test_another_plan_is_warned_of_anew_and_ends_the_warning_of_the_one_before(
    storefront: Storefront, books: Books
) -> None:
    market = storefront.market

    def told() -> tuple[bool, int]:
        return "plan_usage" in books.notices(market.retailer), len(set(books.letters("plan_usage")))

    give_plan(books, market, "Small", 1)
    assert told() == (False, 0)
    lamp_order(storefront)
    assert told() == (True, 1)
    give_plan(books, market, "Small", 3)
    assert told() == (False, 1), "there are places again"
    lamp_order(storefront)
    lamp_order(storefront)
    assert told() == (True, 2)
    give_plan(books, market, "Small", 2)
    assert told() == (True, 3), "a plan that is lowered is told of"
    assert books.notices(market.retailer)["plan_usage"] == "3 of your 2 orders this month are used"


def test_orders_of_the_api_are_refused_at_the_limit_and_a_repeated_one_counts_once(
    market: Market, books: Books
) -> None:
    give_plan(books, market, "Small", 1)
    body = market.order_body(external_id="once")
    assert market.retailer.api.post("/api/orders", body).status_code == 201
    assert market.retailer.api.post("/api/orders", body).status_code == 200
    refused = market.retailer.api.post("/api/orders", market.order_body())
    assert (refused.status_code, refused.json["code"]) == (409, "plan_limit")
    assert market.count("orders") == 1
    assert usage(market)["used"] == 1
    assert market.other_retailer.api.get("/api/plan").json["used"] == 0


def test_of_two_orders_at_once_at_the_limit_one_goes(market: Market, books: Books) -> None:
    give_plan(books, market, "Small", 3)
    market.place((market.lamp.variants[0], 1))
    together, answers = threading.Barrier(6), []

    def place() -> None:
        body = market.order_body((market.lamp.variants[0], 1))
        together.wait()
        answers.append(market.retailer.api.post("/api/orders", body).status_code)

    threads = [threading.Thread(target=place) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(answers) == [201, 201, 409, 409, 409, 409]
    assert usage(market)["used"] == 3


def test_plans_are_the_platforms_to_define(market: Market, books: Books) -> None:
    give_plan(books, market, "Small", 1)
    again = books.press(market.admin, "/console/plans", name="Small", orders_a_month="9")
    assert again.status_code == 422
    assert "Another plan has this name." in text_of(again)
    wrong = books.press(market.admin, "/console/plans", name="", orders_a_month="many")
    assert wrong.status_code == 422
    assert "A whole number" in text_of(wrong)
    unknown = books.press(market.admin, f"/console/plans/retailers/{market.supplier.id}", plan_id="")
    assert unknown.status_code == 404
    assert books.browser(market.retailer).get("/console/plans").status_code in (302, 303, 403, 404)
    listed = text_of(books.browser(market.admin).get("/console/plans"))
    assert "Northwind" in listed
    assert "Retailers that have it: 1" in listed


def test_the_console_shows_each_retailer_with_what_is_its_own(market: Market, books: Books) -> None:
    give_plan(books, market, "Small", 3)
    with db.system_scope(actor="test"), db.transaction() as session:
        # Their months may be different ones.
        session.get_one(Organisation, market.other_retailer.id).timezone = "Pacific/Kiritimati"
    market.place((market.lamp.variants[0], 1))
    market.place((market.lamp.variants[0], 1))
    page = BeautifulSoup(books.browser(market.admin).get("/console/plans").data, "html.parser")
    used = {
        row("td")[0].get_text(strip=True): [row("td")[place].get_text(strip=True) for place in (1, 2)]
        for row in page.find_all("tr")
        if row("td")
    }
    with db.system_scope(actor="test"), db.transaction() as session:
        names = [session.get_one(Organisation, one.id).name for one in (market.retailer, market.other_retailer)]
    assert [used[name] for name in names] == [["2 of 3", "0"], ["0", "0"]]


def test_months_are_those_of_the_retailers_time_zone(market: Market, books: Books) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        session.get_one(Organisation, market.retailer.id).timezone = "Pacific/Auckland"
    first = next_month(month_of(clock.now(), "Pacific/Auckland"))
    # Eleven in the morning of the last day in Greenwich is the first day in Auckland.
    moment = datetime(first.year, first.month, 1, 11, tzinfo=UTC) - timedelta(days=1)
    with clock.shifted(moment - clock.now()):
        market.place((market.lamp.variants[0], 1))
        assert usage(market)["month"] == first.isoformat()[:7]
    # Not now: it may be the last day of a month.
    with clock.shifted(moment - timedelta(days=2) - clock.now()):
        assert usage(market)["used"] == 0


@pytest.mark.parametrize(("limit", "warned"), [(1, 1), (4, 4), (5, 4), (10, 8), (100, 80), (101, 81)])
def test_the_warning_comes_with_the_first_order_at_eighty_percent_or_more(limit: int, warned: int) -> None:
    month = date(2026, 12, 1)
    assert warned_from(limit) == warned
    assert Usage(plan="P", limit=limit, used=warned, month=month).near
    assert not Usage(plan="P", limit=limit, used=warned - 1, month=month).near
    assert next_month(month) == date(2027, 1, 1)
    assert month_of(datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "Europe/Berlin") == date(2027, 1, 1)
