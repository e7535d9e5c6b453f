"""Orders that wait before anything is sent or charged: for a moment each, or until a person lets them go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from bs4 import BeautifulSoup

from app.kit import clock
from app.orders.rules import HOLD_RULES, HoldReason, Releaser
from tests.flows.books import Books
from tests.flows.storefront import Json, Storefront
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import problems_in, text_of


@pytest.fixture
def waiting(storefront: Storefront, set_up: Callable[..., None]) -> Iterator[Storefront]:
    """The shop's orders wait two minutes, as everywhere where nobody chose otherwise."""
    set_up(fraud_window_minutes="2")
    yield storefront


def minutes_later(jobs: Jobs, minutes: float) -> None:
    """What waits in the database is looked at again then."""
    with clock.shifted(timedelta(minutes=minutes)):
        jobs.drain(retries=True)


def test_a_paid_order_waits_with_its_stock_set_aside_and_goes_on_by_itself(
    waiting: Storefront, jobs: Jobs, books: Books
) -> None:
    before = clock.now()
    waiting.tell("orders/paid", waiting.order())
    order = waiting.only_order()
    (hold,) = order["holds"]
    assert (order["status"], hold["reason"], hold["releases"], hold["ends_by"]) == (
        "ON_HOLD",
        "fraud_window",
        "retailer",
        "time",
    )
    until = datetime.fromisoformat(hold["until"])
    assert timedelta(minutes=2) <= until - before < timedelta(minutes=3)
    assert waiting.reserved() == (2, 1), "nobody else can buy them meanwhile"
    assert (order["purchase_orders"], books.taken(order), books.queue(waiting.market.supplier)) == ([], [], [])
    assert books.notices(waiting.market.retailer) == {}, "what is over in minutes is told nobody"
    assert [job for job, _, _ in jobs.open_tasks() if job == "end_fraud_window"] == ["end_fraud_window"]
    page = text_of(books.browser(waiting.market.retailer).get(f"/app/orders/{order['id']}"))
    assert "Waiting a moment before it is sent" in page
    assert "It goes on by itself at" in page
    minutes_later(jobs, 2.1)
    order = waiting.only_order()
    assert (order["status"], order["holds"], len(order["purchase_orders"])) == ("PENDING", [], 2)
    assert books.taken(order) == [7100]
    assert waiting.reserved() == (2, 1)


def test_an_order_cancelled_in_its_store_meanwhile_was_never_sent_nor_charged(
    waiting: Storefront, jobs: Jobs, books: Books
) -> None:
    body = waiting.order()
    waiting.tell("orders/paid", body)
    waiting.tell("orders/cancelled", {**body, "cancelled_at": "2026-11-01T10:01:00-04:00"})
    order = waiting.only_order()
    assert (order["status"], order["holds"], waiting.reserved()) == ("CANCELLED", [], (0, 0))
    minutes_later(jobs, 3)
    order = waiting.only_order()
    assert (order["status"], order["purchase_orders"], books.payments(order)) == ("CANCELLED", [], [])
    assert "end_fraud_window" not in {job for job, _, _ in jobs.open_tasks()}


def test_trying_again_does_not_cut_the_wait_short_but_releasing_does(
    waiting: Storefront, jobs: Jobs, books: Books
) -> None:
    waiting.tell("orders/paid", waiting.order())
    order = waiting.only_order()
    browser, page = books.browser(waiting.market.retailer), f"/app/orders/{order['id']}"
    assert books.press(waiting.market.retailer, f"{page}/resume").status_code == 303
    assert waiting.holds() == ["fraud_window"]
    assert browser.submit(page, f"{page}/release").status_code == 303
    jobs.drain()
    order = waiting.only_order()
    assert (order["status"], books.taken(order)) == ("PENDING", [7100])
    minutes_later(jobs, 3)
    assert (waiting.only_order()["status"], books.taken(order)) == ("PENDING", [7100])


def test_each_store_chooses_its_own_wait(waiting: Storefront, books: Books) -> None:
    browser = books.browser(waiting.market.retailer)
    path = f"/settings/stores/{waiting.store_id}/wait"
    page = f"/app/settings/stores/{waiting.store_id}"
    assert browser.submit(page, path, minutes="0").status_code == 303
    waiting.tell("orders/paid", waiting.order())
    assert (waiting.only_order()["status"], waiting.holds()) == ("PENDING", [])
    for wrong in ("61", "-1", "soon", ""):
        refused = browser.submit(page, path, minutes=wrong)
        assert refused.status_code == 422
        assert problems_in(refused) == {"minutes": "A whole number from 0 to 60."}


def test_a_held_order_is_neither_sent_nor_charged_until_its_retailer_releases_it(
    waiting: Storefront, jobs: Jobs, books: Books
) -> None:
    waiting.tell("orders/paid", waiting.order())
    order = waiting.only_order()
    browser, page = books.browser(waiting.market.retailer), f"/app/orders/{order['id']}"
    assert browser.submit(page, f"{page}/hold", note="Called the shopper").status_code == 303
    minutes_later(jobs, 3)
    assert (waiting.holds(), waiting.only_order()["status"]) == (["manual"], "ON_HOLD")
    assert (books.taken(order), books.queue(waiting.market.supplier)) == ([], [])
    seen = text_of(browser.get(page))
    assert "Held by you Called the shopper" in seen
    assert "You can release it." in seen
    assert "Held by you ·" in text_of(browser.get("/app/orders?status=ON_HOLD"))
    # A look for stock or a new address does not end it.
    assert books.press(waiting.market.retailer, f"{page}/resume").status_code == 303
    assert waiting.holds() == ["manual"]
    assert browser.submit(page, f"{page}/release").status_code == 303
    jobs.drain()
    assert (waiting.holds(), books.taken(order)) == ([], [7100])


def test_a_note_that_is_too_long_is_refused_where_it_is_written_and_never_cut(
    waiting: Storefront, jobs: Jobs, books: Books
) -> None:
    market, long = waiting.market, "Called the shopper. " * 26
    waiting.tell("orders/paid", waiting.order())
    order = waiting.only_order()
    for party, page in (
        (market.retailer, f"/app/orders/{order['id']}"),
        (market.admin, f"/console/orders/{order['id']}"),
    ):
        refused = books.browser(party).submit(page, f"{page}/hold", note=long)
        assert refused.status_code == 422
        assert refuses(refused.text, long)
    browser = books.browser(market.retailer)
    asked = {"order": order["id"], "do": "hold", "sure": "1", "note": long}
    refused = browser.submit("/app/orders", "/orders/bulk", **asked)
    assert refused.status_code == 422
    assert refuses(refused.text, long)
    told = market.retailer.api.post(f"/api/orders/{order['id']}/hold", {"note": long})
    assert (told.status_code, told.json["errors"][0]["field"]) == (422, "note")
    assert "at most 500 characters" in told.json["errors"][0]["message"]
    assert waiting.holds() == ["fraud_window"]
    assert books.rows("select 1 from bulk_actions") == []
    fits = long[:500]
    form = BeautifulSoup(refused.text, "html.parser").select_one("form[action$='/orders/bulk']")
    assert form is not None
    sent = {str(one["name"]): str(one["value"]) for one in form.select("input[name]")}
    assert browser.post("/app/orders/bulk", sent | {"note": fits}).status_code == 303
    jobs.drain()
    notes = books.rows("select details->>'note' as note from order_holds where reason = 'manual'")
    assert [row["note"] for row in notes] == [fits.strip()]


def refuses(page: str, note: str) -> bool:
    """Whether a page says at its field that the note is too long, with all of it there to be shortened."""
    field = BeautifulSoup(page, "html.parser").select_one("input[name=note]")
    assert field is not None
    assert field["value"] == note
    return field.get("aria-invalid") == "true" and "Use at most 500 characters." in str(field.parent)


def test_what_the_platform_holds_only_the_platform_releases(waiting: Storefront, jobs: Jobs, books: Books) -> None:
    market = waiting.market
    waiting.tell("orders/paid", waiting.order())
    order = waiting.only_order()
    admin, page = books.browser(market.admin), f"/console/orders/{order['id']}"
    assert admin.submit(page, f"{page}/hold", note="Stolen card reported").status_code == 303
    minutes_later(jobs, 3)
    (hold,) = waiting.only_order()["holds"]
    assert (hold["reason"], hold["releases"]) == ("platform", "platform")
    refused = market.retailer.api.post(f"/api/orders/{order['id']}/release", {})
    assert (refused.status_code, refused.json["code"]) == (409, "nothing_to_release")
    seen = text_of(books.browser(market.retailer).get(f"/app/orders/{order['id']}"))
    assert "Held by Crossdock Stolen card reported" in seen
    assert "Only Crossdock can release it." in seen
    assert "order_held" in books.notices(market.retailer)
    assert "Desk lamp" in text_of(admin.get(page)), "who decides sees what was ordered"
    assert admin.submit(page, f"{page}/release").status_code == 303
    jobs.drain()
    assert (waiting.only_order()["status"], books.taken(order)) == ("PENDING", [7100])
    assert books.notices(market.retailer) == {}


def test_integrators_hold_and_release_with_the_scope_for_it(waiting: Storefront, jobs: Jobs, books: Books) -> None:
    market = waiting.market
    waiting.tell("orders/paid", waiting.order())
    order = waiting.only_order()
    path = f"/api/orders/{order['id']}"
    narrow = market.key(market.retailer, "read:orders")
    for call in ("hold", "release"):
        assert narrow.post(f"{path}/{call}", {}).status_code == 403
        assert market.other_retailer.api.post(f"{path}/{call}", {}).status_code == 404
    held = market.retailer.api.post(f"{path}/hold", {"note": "Wait for a call"})
    assert held.status_code == 200, held.text
    assert {hold["reason"] for hold in held.json["holds"]} == {"fraud_window", "manual"}
    unknown = market.retailer.api.post(f"{path}/release", {"reason": "boredom"})
    assert (unknown.status_code, unknown.json["errors"][0]["field"]) == (422, "reason")
    one = market.retailer.api.post(f"{path}/release", {"reason": "fraud_window"})
    assert [hold["reason"] for hold in one.json["holds"]] == ["manual"]
    rest = market.retailer.api.post(f"{path}/release", {})
    assert (rest.status_code, rest.json["holds"], len(rest.json["purchase_orders"])) == (200, [], 2)
    jobs.drain()
    assert books.taken(order) == [7100]
    late = market.retailer.api.post(f"{path}/hold", {})
    assert (late.status_code, late.json["code"]) == (409, "already_routed")


def test_an_order_of_the_retailers_own_system_goes_on_at_once(
    market: Market, jobs: Jobs, books: Books, set_up: Callable[..., None]
) -> None:
    set_up(fraud_window_minutes="2")
    order: Json = market.place()
    assert (order["status"], order["holds"]) == ("PENDING", [])
    jobs.drain()
    assert books.taken(order) == [7100]


@pytest.mark.parametrize("reason", list(HoldReason))
def test_every_reason_says_what_to_do_and_has_a_way_on(reason: HoldReason) -> None:
    rule = HOLD_RULES[reason]
    assert rule.heading
    assert rule.advice.endswith(".")
    ended_by_trying_again = {HoldReason.NOT_ON_OFFER, HoldReason.ROUTING_RULES}
    if reason not in ended_by_trying_again | {HoldReason.TEST_ORDER}:
        assert rule.releaser is not Releaser.NOBODY or rule.ends_by is not None
