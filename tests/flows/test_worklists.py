"""Lists to work off: saved views, orders dealt with by the hundred, and suppliers' queues with their clocks."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from app.kit import clock
from app.kit.money import Money
from app.kit.texts import money
from app.purchasing.sla import TimeLeft, time_left
from app.suppliers.rules import Closure, working_days_from
from tests.flows.books import Books
from tests.flows.storefront import Storefront
from tests.flows.test_exceptions import run
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import Browser, text_of
from tests.web.pages.test_guards import signed_in
from tests.web.pages.test_papers import text_in


def held(storefront: Storefront, count: int) -> list[str]:
    """So many orders that wait, as the list names them."""
    for _ in range(count):
        storefront.tell("orders/paid", storefront.order(storefront.line(storefront.market.lamp.variants[0], 1)))
    return [str(row["id"]) for row in storefront.books.rows("select id from orders order by id")]


@pytest.fixture
def waiting(storefront: Storefront, set_up: Any) -> Storefront:
    set_up(fraud_window_minutes="30")
    return storefront


def do(browser: Browser, page: str, form: str, **values: Any) -> TestResponse:
    """Tick, press, and go where it leads."""
    answer = browser.submit(page, form, **values)
    assert answer.status_code == 303, text_of(answer)
    return browser.get(answer.headers["Location"])


def statuses(books: Books) -> list[str]:
    return [row["status"] for row in books.rows("select status from orders order by id")]


def test_orders_are_held_and_let_go_by_the_many_and_each_says_what_became_of_it(
    waiting: Storefront, jobs: Jobs, books: Books
) -> None:
    ids = held(waiting, 3)
    browser = books.browser(waiting.market.retailer)
    asked = browser.submit("/app/orders", "/orders/bulk", order=ids[:2], do="hold")
    assert asked.status_code == 200
    assert "2 orders" in text_of(asked), "it is asked about first"
    token = browser.form("/app/orders", "/orders/bulk").select_one("[name=csrf_token]")
    assert token is not None
    sent = {"csrf_token": token["value"], "order": ids[:2], "do": "hold", "sure": "1", "note": "Fair next week"}
    page = browser.post("/app/orders/bulk", sent).headers["Location"]
    assert "Under way" in text_of(browser.get(page))
    jobs.drain()
    assert "All of it is done" in text_of(browser.get(page))
    notes = books.rows("select details->>'note' as note from order_holds where reason = 'manual'")
    assert [row["note"] for row in notes] == ["Fair next week"] * 2
    story = books.row("select actor from timeline_entries where values->>'reason' = 'manual' limit 1")
    assert story["actor"].startswith("user:"), "it counts as done by the person, not by the machine"
    undone = do(browser, page, "/undo")
    jobs.drain()
    assert undone.status_code == 200
    assert books.rows("select 1 from order_holds where reason = 'manual' and released_at is null") == []
    assert "It was taken back" in text_of(browser.get(page))


def test_an_order_is_found_by_its_numbers_its_articles_and_its_parcels(market: Market, books: Books) -> None:
    lamp, chair = market.lamp.variants[0], market.chair.variants[0]
    wanted, other = books.paid_order((lamp, 1)), books.paid_order((chair, 1))
    mine = books.purchase_order(wanted, market.supplier)
    books.answer(market.supplier, mine, status="accepted")
    books.ship(market.supplier, mine, 1, number="JD014600123456")
    browser = books.browser(market.retailer)

    def found(text: str) -> set[str]:
        listed = BeautifulSoup(browser.get("/app/orders", query_string={"search": text}).text, "html.parser")
        return {str(one["value"]) for one in listed.select("input[name=order]")}

    sku = market.lamp.skus[0]
    for text in (mine["number"], sku, sku.lower(), "JD014600123456", "jd 0146 0012 3456"):
        assert found(text) == {wanted["id"]}, text
    assert found("JD0146001234") == set(), "not by a part of a parcel's number"
    assert found("") == {wanted["id"], other["id"]}
    page = text_of(browser.get("/app/orders", query_string={"search": mine["number"]}))
    assert f"{mine['number']} · Shipped" in page
    assert "Clear all" in page


def test_a_retailer_sees_which_orders_are_late_until_all_of_it_has_left(market: Market, books: Books) -> None:
    late, shipped = (books.paid_order((market.lamp.variants[0], 1)) for _ in range(2))
    in_time = books.paid_order((market.chair.variants[0], 1))
    sent = books.purchase_order(shipped, market.supplier)
    books.answer(market.supplier, sent, status="accepted")
    books.ship(market.supplier, sent, 1)
    browser = books.browser(market.retailer)

    def listed(path: str) -> set[str]:
        page = BeautifulSoup(browser.get(path).text, "html.parser")
        return {str(one["value"]) for one in page.select("input[name=order]")}

    def told(party: Any = market.retailer) -> set[str]:
        return {one["id"] for one in party.api.get("/api/orders", late="true").json["items"]}

    assert "Late" not in text_of(browser.get("/app/orders")), "nothing is, so nothing is said of it"
    assert (told(), listed("/app/orders?late=1")) == (set(), set())
    assert "No order fits" in text_of(browser.get("/app/orders?late=1"))
    run("update purchase_orders set ship_by = now() - interval '1 hour' where status <> 'CANCELLED'")
    theirs = books.purchase_order(in_time, market.other_supplier)
    run(f"update purchase_orders set ship_by = now() + interval '1 day' where id = '{theirs['id']}'")
    assert told() == {late["id"]}
    assert told(market.other_retailer) == set(), "nobody else's"
    page = text_of(browser.get("/app/orders"))
    assert "Late 1" in page
    mine = books.purchase_order(late, market.supplier)
    assert mine["number"] in page.partition(" · late, due ")[0]
    assert page.count("late, due") == 1
    assert listed("/app/orders?late=1") == {late["id"]}
    assert listed("/app/orders?late=1&status=SHIPPED") == set()
    kept = browser.submit("/app/orders/views?late=1", "/orders/views", name="To chase")
    assert kept.status_code == 303, text_of(kept)
    views = text_of(browser.get("/app/orders/views?late=1"))
    assert "To chase" in views and "Should have left by now" in views
    books.answer(market.supplier, mine, status="accepted")
    books.ship(market.supplier, mine, 1)
    assert (told(), listed("/app/orders?late=1")) == (set(), set())


def test_what_is_late_is_sorted_page_by_page(market: Market, books: Books) -> None:
    lamp, chair = market.lamp.variants[0], market.chair.variants[0]
    cheap, dear, other = (books.paid_order(goods) for goods in ((lamp, 1), (lamp, 6), (chair, 1)))
    run(f"update suppliers set company_name = 'aardvark' where id = '{market.other_supplier.id}'")
    for order, hours in ((cheap, 5), (dear, 5), (other, 9)):
        late = f"update purchase_orders set ship_by = timestamptz '2026-11-01' - interval '{hours} hours'"
        run(f"{late} where order_id = '{order['id']}'")
    api, browser = market.retailer.api, books.browser(market.retailer)

    def told(sort: str) -> list[str]:
        found: list[str] = []
        after: dict[str, str] = {}
        while True:
            page = api.get("/api/orders", late="true", sort=sort, limit=1, **after).json
            found += [one["id"] for one in page["items"]]
            if page["next_cursor"] is None:
                return found
            after = {"cursor": page["next_cursor"]}

    def listed(sort: str) -> list[str]:
        page = BeautifulSoup(browser.get(f"/app/orders?late=1&sort={sort}").text, "html.parser")
        return [str(one["value"]) for one in page.select("input[name=order]")]

    expected = {
        "days_late": [other["id"], cheap["id"], dear["id"]],
        "supplier": [other["id"], cheap["id"], dear["id"]],
        "value": [dear["id"], other["id"], cheap["id"]],
        "newest": [other["id"], dear["id"], cheap["id"]],
    }
    for sort, wanted in expected.items():
        assert (sort, told(sort), listed(sort)) == (sort, wanted, wanted)
    assert api.get("/api/orders", sort="value").status_code == 422, "the rest has no such order"
    foreign = api.get("/api/orders", late="true", sort="supplier", limit=1).json["next_cursor"]
    assert api.get("/api/orders", late="true", sort="days_late", cursor=foreign).status_code == 422
    exported = browser.submit("/app/orders?late=1&sort=value", "/orders/bulk", do="export", everything="1")
    numbers = [line.split(",")[0] for line in exported.text.splitlines()[1:]]
    assert numbers == [str(one["number"]) for one in (dear, other, cheap)]


def test_all_that_match_are_dealt_with_across_pages_and_what_can_not_be_says_why(
    waiting: Storefront, jobs: Jobs, books: Books
) -> None:
    held(waiting, 34)
    browser = books.browser(waiting.market.retailer)
    first = browser.get("/app/orders?reason=fraud_window")
    assert "All 34 that match" in text_of(first)
    run("update order_holds set reason = 'platform' where id = (select min(id::text)::uuid from order_holds)")
    page = browser.submit("/app/orders?status=ON_HOLD", "/orders/bulk", everything="1", do="release")
    jobs.drain()
    result = text_of(browser.get(page.headers["Location"]))
    assert "1 row was left as it is" in result
    assert "Nothing holds this order that you could release." in result
    left = books.row("select refused, seen, total from bulk_actions")
    assert (left["refused"], left["seen"], left["total"]) == (1, 34, 34)


def test_a_row_that_breaks_has_its_own_result_and_those_behind_it_are_dealt_with(
    waiting: Storefront, jobs: Jobs, books: Books
) -> None:
    held(waiting, 3)
    browser = books.browser(waiting.market.retailer)
    page = browser.submit("/app/orders?status=ON_HOLD", "/orders/bulk", everything="1", do="release")
    second = "select subject_id from bulk_rows where position = 1"
    # As after a fault of ours: nothing in the house knows what to make of it.
    run(f"update order_holds set reason = 'unheard_of' where order_id = ({second})")
    jobs.drain()
    assert [(row["position"], row["outcome"]) for row in rows_of(books)] == [(0, "done"), (1, "refused"), (2, "done")]
    result = text_of(browser.get(page.headers["Location"]))
    assert "1 row was left as it is" in result
    assert "Something went wrong on our side; nothing was changed. Try it again." in result
    assert [row["status"] for row in books.rows("select status from orders order by status")].count("ON_HOLD") == 1
    assert "run_bulk_action" not in [name for name, _, _ in jobs.open_tasks()], "it is over"


def rows_of(books: Books) -> list[dict[str, Any]]:
    return books.rows("select position, outcome from bulk_rows order by position")


def test_orders_are_cancelled_by_the_many_and_downloaded_without_anything_personal(
    waiting: Storefront, jobs: Jobs, books: Books
) -> None:
    held(waiting, 2)
    browser = books.browser(waiting.market.retailer)
    listed = browser.submit("/app/orders", "/orders/bulk", everything="1", do="export")
    rows = list(csv.DictReader(io.StringIO(listed.text)))
    assert [row["status"] for row in rows] == ["ON_HOLD", "ON_HOLD"]
    assert "attachment" in listed.headers["Content-Disposition"]
    for personal in ("Lovelace", "London", "ada@"):
        assert personal not in listed.text
    page = browser.submit("/app/orders", "/orders/bulk", everything="1", do="cancel", sure="1").headers["Location"]
    jobs.drain()
    assert statuses(books) == ["CANCELLED", "CANCELLED"]
    assert "Take it back" not in text_of(browser.get(page)), "a cancellation can't be"
    stranger = books.browser(waiting.market.other_retailer)
    assert stranger.get(page).status_code == 404
    nothing = browser.submit("/app/orders", "/orders/bulk", do="release")
    assert nothing.status_code == 422


def test_what_matches_since_it_was_asked_about_is_not_cancelled_unseen(
    waiting: Storefront, jobs: Jobs, books: Books
) -> None:
    held(waiting, 1)
    browser = books.browser(waiting.market.retailer)
    asked = browser.submit("/app/orders", "/orders/bulk", everything="1", do="cancel")
    form = BeautifulSoup(asked.text, "html.parser").select_one("form[action$='/orders/bulk']")
    assert form is not None
    sent = {str(one["name"]): str(one["value"]) for one in form.select("input[name]")}
    held(waiting, 1)
    again = browser.post("/app/orders/bulk", sent)
    assert (again.status_code, "2 orders" in text_of(again)) == (200, True)
    form = BeautifulSoup(again.text, "html.parser").select_one("form[action$='/orders/bulk']")
    assert form is not None
    sent = {str(one["name"]): str(one["value"]) for one in form.select("input[name]")}
    assert browser.post("/app/orders/bulk", sent).status_code == 303
    jobs.drain()
    assert statuses(books) == ["CANCELLED", "CANCELLED"]


def test_who_may_only_look_is_offered_nothing_to_press(waiting: Storefront, books: Books) -> None:
    (order,) = held(waiting, 1)
    page = f"/app/orders/{order}"
    assert "$0.00" not in text_of(books.browser(waiting.market.retailer).get("/app/orders")), (
        "its cost is not known yet"
    )
    assert "Cancel line" in text_of(books.browser(waiting.market.retailer).get(page))
    shown = signed_in(waiting.market, "retailer", "retailer_readonly").get(page)
    actions = {str(one.get("action")) for one in BeautifulSoup(shown.text, "html.parser").select("form[method=post]")}
    assert not [one for one in actions if "/orders/" in one]
    assert "Show the address" not in text_of(shown) and "change the address" not in text_of(shown)


def test_a_view_is_saved_under_a_name_and_the_list_can_begin_with_it(market: Market, books: Books) -> None:
    browser = books.browser(market.retailer)
    query = "status=ON_HOLD&reason=out_of_stock&sort=oldest"
    offered = text_of(browser.get(f"/app/orders/views?{query}"))
    assert "Oldest first" in offered
    assert "ON_HOLD" not in offered and "out_of_stock" not in offered, "it is said as the list says it"
    saved = browser.submit(f"/app/orders/views?{query}", "/orders/views", name="No stock", default="on")
    assert saved.status_code == 303
    begun = browser.get("/app/orders")
    assert (begun.status_code, begun.headers["Location"].split("?")[0]) == (303, "/app/orders")
    shown = text_of(browser.get(begun.headers["Location"]))
    assert "No stock" in shown
    assert browser.get("/app/orders?view=all").status_code == 200, "the whole list is still there"
    colleague = signed_in(market, "retailer")
    assert colleague.get("/app/orders").status_code == 200, "views are each person's own"
    view = books.row("select id from saved_views")["id"]
    browser.submit("/app/orders/views", "/views/default")
    assert browser.get("/app/orders").status_code == 200
    browser.submit("/app/orders/views", f"/views/{view}/remove")
    assert books.rows("select 1 from saved_views") == []
    assert browser.submit(f"/app/orders/views?{query}", "/orders/views", name=" ").status_code == 422


def test_a_supplier_sees_what_is_overdue_first_and_accepts_and_ships_by_the_many(
    market: Market, jobs: Jobs, books: Books
) -> None:
    for units in (1, 2, 1):
        market.place((market.lamp.variants[0], units))
    jobs.drain()
    found = books.rows("select id, number from purchase_orders order by number")
    numbers = [row["number"] for row in found]
    run("update purchase_orders set acknowledge_by = now() - interval '3 hours' where number = %s", numbers[2])
    browser = books.browser(market.supplier)
    page = text_of(browser.get("/supplier/purchase-orders"))
    assert "3 hours overdue" in page
    assert "To answer (1 overdue) 3" in page
    assert page.index(numbers[2]) < page.index(numbers[0]), "the overdue one comes first"
    path = browser.post(
        "/supplier/purchase-orders/bulk",
        {"do": "accept", "everything": "1", "view": "new", "csrf_token": token_of(browser)},
    ).headers["Location"]
    jobs.drain()
    assert "All of it is done" in text_of(browser.get(path))
    assert {row["status"] for row in books.rows("select status from purchase_orders")} == {"CONFIRMED"}
    template = browser.get("/supplier/purchase-orders/ship.csv").text
    assert template.splitlines()[0] == "purchase_order,carrier,tracking_number,sku,quantity"
    sku = market.lamp.skus[0]
    sent = (
        "purchase_order;carrier;tracking_number;sku;quantity\r\n"
        f"{numbers[0]};manual;A-1;;\r\n{numbers[1]};manual;B-1;{sku};1\r\n9999-1;manual;C-1;;\r\n{numbers[2]};;;;\r\n"
    )
    ours, theirs = sent.partition("\r\n")[0], "Order;Carrier;Tracking number;SKU;Units"
    expected = ["SHIPPED", "PARTIALLY_SHIPPED", "CONFIRMED"]
    for text in (sent, sent.replace(ours, theirs)):
        answer = browser.submit(
            "/supplier/purchase-orders/ship", "/purchase-orders/ship", file=(io.BytesIO(text.encode()), "parcels.csv")
        )
        jobs.drain()
        result = text_of(browser.get(answer.headers["Location"]))
        assert "1 row was left as it is" in result, "the order that is not there; sent again nothing leaves twice"
        assert [row["status"] for row in books.rows("select status from purchase_orders order by number")] == expected
    wrong = (io.BytesIO(b"parcel,number\r\n1,2\r\n"), "parcels.csv")
    refused = browser.submit("/supplier/purchase-orders/ship", "/purchase-orders/ship", file=wrong)
    assert refused.status_code == 422
    assert "The file has no column purchase_order." in text_of(refused)


def test_papers_of_many_orders_are_drawn_in_the_background_and_kept_sealed_for_an_hour(
    market: Market, jobs: Jobs, books: Books
) -> None:
    for _ in range(4):
        market.place((market.lamp.variants[0], 1))
    with_logo = market.other_retailer.api.post("/api/orders", market.order_body((market.lamp.variants[0], 1)))
    assert with_logo.status_code == 201, with_logo.text
    jobs.drain()
    browser = books.browser(market.supplier)
    asked = {"kind": "packing_slip", "everything": "1", "view": "new", "csrf_token": token_of(browser)}
    page = browser.post("/supplier/purchase-orders/papers.pdf", asked).headers["Location"]
    numbers = [row["number"] for row in books.rows("select number from purchase_orders order by number")]
    run("update purchase_orders set ship_to = null where number = %s", numbers[0])
    # What no fault of ours may do to the others: an address that can't be opened, a logo that can't be drawn.
    run("update purchase_orders set ship_to = 'no address'::bytea where number = %s", numbers[1])
    run(
        "insert into brands (retailer_id, name, colour, logo, message, email, phone, website, language, updated_at) "
        "values (%s, 'Contoso', '#112233', 'no picture'::bytea, '', '', '', '', '', now())",
        market.other_retailer.id,
    )
    jobs.drain()
    result = text_of(browser.get(page))
    assert "3 rows were left as they are" in result
    assert result.count("Something went wrong on our side; nothing was changed. Try it again.") == 2
    file = browser.get(f"{page}/file.pdf")
    assert (file.status_code, file.headers["Cache-Control"]) == (200, "private, no-store")
    assert "Ada Lovelace" in text_in(file.data)
    read = books.rows("select 1 from audit_events where action = 'orders.address_read' and actor like 'user:%%'")
    assert read, "who had the addresses printed is written down"
    reader = signed_in(market, "supplier", "supplier_finance")
    assert reader.get(f"{page}/file.pdf").status_code == 403
    with clock.shifted(timedelta(hours=2)):
        jobs.run_scheduled("purge_bulk")
        jobs.drain()
        assert browser.get(f"{page}/file.pdf").status_code == 404


def token_of(browser: Browser) -> str:
    field = browser.form("/supplier/notices/choices", "/notices/choices").select_one("[name=csrf_token]")
    assert field is not None
    return str(field["value"])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        # Friday 2026-11-27, 18:00 in Berlin.
        ("2026-11-27T20:00", TimeLeft(False, 0, 3.0)),
        ("2026-11-30T17:00", TimeLeft(False, 1, None)),
        ("2026-12-02T17:00", TimeLeft(False, 2, None)),
        ("2026-11-27T12:00", TimeLeft(True, 0, 5.0)),
        ("2026-11-25T17:00", TimeLeft(True, -2, None)),
        # In Berlin it is Saturday already.
        ("2026-11-27T23:30", TimeLeft(False, 0, 6.5)),
    ],
)
def test_the_time_left_is_told_in_the_suppliers_own_days(due: str, expected: TimeLeft) -> None:
    closed = [Closure(date(2026, 12, 1), date(2026, 12, 1))]
    assert time_left(at(due), at("2026-11-27T17:00"), timezone="Europe/Berlin", closed=closed) == expected


@settings(max_examples=60, deadline=None)
@given(start=st.dates(date(2026, 1, 1), date(2027, 1, 1)), days=st.integers(1, 20))
def test_working_days_left_are_those_that_handling_counts(start: date, days: int) -> None:
    now = datetime(start.year, start.month, start.day, 9, tzinfo=UTC)
    last = working_days_from(start, days)
    due = datetime(last.year, last.month, last.day, 9, tzinfo=UTC)
    assert time_left(due, now, timezone="UTC").days == days


def test_an_orders_page_says_what_comes_next_whose_turn_it_is_and_who_did_what(
    market: Market, jobs: Jobs, books: Books
) -> None:
    placed = market.place((market.lamp.variants[0], 1))
    jobs.drain()
    (found,) = books.rows("select id from purchase_orders")
    retailer, supplier = books.browser(market.retailer), books.browser(market.supplier)
    order, purchase_order = f"/app/orders/{placed['id']}", f"/supplier/purchase-orders/{found['id']}"
    assert "Next: The supplier answers whether it can deliver." in text_of(retailer.get(order))
    shown = text_of(retailer.get(order))
    assert "up to Supplier" in shown
    charged = Money(int(books.row("select amount from charges")["amount"]), "USD")
    assert f"Costs you in all {money(charged, 'en')}" in shown, "goods and shipping are what was charged"
    assert "Answers by" in shown
    assert "up to You" in text_of(supplier.get(purchase_order))
    supplier.submit(purchase_order, "/accept")
    jobs.drain()
    shown = text_of(retailer.get(order))
    assert "Next: The supplier packs and ships." in shown
    assert "Ships by" in shown
    assert "· Nordlicht" in shown, "the supplier's people are told of by their company"
    books.ship(market.supplier, books.purchase_order(placed, market.supplier), 1)
    own = text_of(supplier.get(purchase_order))
    assert "What happened" in own
    assert "· Through the API (all)" in own, "its own key, not the shop's"
    assert "· Northwind Home" not in own
    assert "· Person" in own, "colleagues are told of by name"
    console = text_of(books.browser(market.admin).get(f"/console/orders/{placed['id']}"))
    assert "Next: The carrier delivers." in console
    assert "Refunded $0.00" in console
