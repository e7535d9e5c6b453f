"""Orders whose customers pay later: shown and held, sent when they are paid or when a person says so, and given up when
they will not be paid."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest

from app.kit import clock
from tests.adapters.stores.conftest import configured, simulator
from tests.flows.books import Books
from tests.flows.refunding import Till, till
from tests.flows.storefront import Json, Storefront
from tests.market import Market
from tests.samples import sample
from tests.stack import Jobs
from tests.web.browsing import text_of

__all__ = ["configured", "simulator", "till"]

_MARK_PAID = "mutation($id: ID!) { orderMarkAsPaid(input: {id: $id}) { userErrors { message } } }"
PENDING: Json = {"financial_status": "pending"}


def later(body: Json, minute: int, status: str = "paid", **changes: Any) -> Json:
    """The store's word of an order so many minutes later."""
    return body | {"financial_status": status, "updated_at": f"2026-11-01T11:{minute:02}:00-04:00"} | changes


def reasons(order: Json) -> list[str]:
    return [hold["reason"] for hold in order["holds"]]


@pytest.mark.parametrize("status", ["pending", "authorized", "partially_paid"])
def test_an_order_that_is_not_paid_is_shown_and_waits_without_cost(storefront: Storefront, status: str) -> None:
    market, books = storefront.market, storefront.books
    body = storefront.order(financial_status=status)
    assert storefront.tell("orders/updated", body).endswith("waits until it is paid")
    order = storefront.only_order()
    (hold,) = order["holds"]
    assert (order["status"], order["unpaid"], hold["reason"]) == ("ON_HOLD", status, "unpaid")
    assert (hold["releases"], hold["ends_by"], hold["until"]) == ("retailer", "customer", None)
    assert (order["purchase_orders"], books.taken(order), books.queue(market.supplier)) == ([], [], [])
    assert storefront.reserved() == (2, 1), "its units are kept, as those of every hold"
    browser = books.browser(market.retailer)
    assert "Not paid by your customer yet" in text_of(browser.get("/app/orders"))
    page = text_of(browser.get(f"/app/orders/{order['id']}"))
    assert "Not paid by your customer yet" in page
    assert "It goes on by itself when all of it is paid." in page
    assert "Send it unpaid" in page
    (stuck,) = market.retailer.api.get("/api/exceptions").json["items"]
    assert (stuck["kind"], stuck["order_id"]) == ("held_order", order["id"])
    inbox = browser.get("/app/exceptions")
    assert "Not paid by your customer yet" in text_of(inbox)
    assert f"/orders/{order['id']}/release" not in inbox.text, "it is not sent unpaid by a button among others"


def test_what_is_paid_goes_on_once_whatever_comes_twice(storefront: Storefront) -> None:
    body = storefront.order(**PENDING)
    storefront.tell("orders/updated", body)
    paid = later(body, 1)
    assert storefront.tell("orders/paid", paid).endswith("changed: paid")
    assert storefront.tell("orders/updated", paid).endswith("known")
    assert storefront.tell("orders/updated", body).endswith("known"), "an older word does not stop it"
    order = storefront.only_order()
    assert (order["holds"], order["unpaid"], len(order["purchase_orders"])) == ([], None, 2)
    assert storefront.books.taken(order) == [7100]
    assert storefront.reserved() == (2, 1)
    story = text_of(storefront.books.browser(storefront.market.retailer).get(f"/app/orders/{order['id']}"))
    assert story.count("The customer has paid for it.") == 1


@pytest.mark.parametrize("arrival", list(itertools.permutations(range(3))))
def test_whatever_the_order_of_the_words_what_is_paid_is_sent(storefront: Storefront, arrival: tuple[int, ...]) -> None:
    body = storefront.order(**PENDING)
    words = [body, later(body, 1, "partially_paid"), later(body, 2)]
    for which in arrival:
        storefront.tell("orders/updated", words[which])
    order = storefront.only_order()
    assert (order["holds"], order["unpaid"]) == ([], None)
    assert storefront.books.taken(order) == [7100]


def test_words_at_once_send_it_once(storefront: Storefront) -> None:
    body, start = storefront.order(**PENDING), threading.Barrier(4)
    words = {"first": body, "paid": later(body, 1), "again": later(body, 1), "part": later(body, 0, "partially_paid")}

    def deliver(name: str) -> None:
        start.wait(30)
        assert storefront.send("orders/updated", words[name], message_id=name).status_code == 200

    threads = [threading.Thread(target=deliver, args=(name,)) for name in words]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    storefront.jobs.drain()
    order = storefront.only_order()
    assert (order["holds"], order["unpaid"]) == ([], None)
    assert storefront.books.taken(order) == [7100]
    assert storefront.market.count("purchase_orders") == 2


def test_how_far_it_is_paid_is_followed(storefront: Storefront) -> None:
    body = storefront.order(**PENDING)
    storefront.tell("orders/updated", body)
    page = f"/app/orders/{storefront.only_order()['id']}"
    browser = storefront.books.browser(storefront.market.retailer)
    for minute, status, said in (
        (1, "partially_paid", "Your customer has paid a part of it."),
        (2, "authorized", "The money is set aside for you."),
    ):
        storefront.tell("orders/updated", later(body, minute, status))
        assert storefront.only_order()["unpaid"] == status
        assert said in text_of(browser.get(page))
    storefront.tell("orders/updated", later(body, 1, "partially_paid"))
    assert storefront.only_order()["unpaid"] == "authorized", "an older word changes nothing"


def test_its_retailer_sends_it_unpaid_by_naming_that_and_not_along_with_others(
    storefront: Storefront, jobs: Jobs
) -> None:
    market, books = storefront.market, storefront.books
    body = storefront.order(**PENDING)
    storefront.tell("orders/updated", body)
    order = storefront.only_order()
    path = f"/api/orders/{order['id']}"
    assert market.retailer.api.post(f"{path}/hold", {"note": "on the phone"}).status_code == 200
    answer = market.retailer.api.post(f"{path}/release", {})
    assert (answer.status_code, reasons(answer.json)) == (200, ["unpaid"])
    answer = market.retailer.api.post(f"{path}/release", {})
    assert (answer.status_code, answer.json["code"]) == (409, "customer_has_not_paid")
    assert reasons(storefront.only_order()) == ["unpaid"]
    sent = books.browser(market.retailer).submit(f"/app/orders/{order['id']}", "/release", reason="unpaid")
    assert sent.status_code == 303
    jobs.drain()
    order = storefront.only_order()
    assert (order["holds"], order["unpaid"], len(order["purchase_orders"])) == ([], "pending", 2)
    assert books.taken(order) == [7100], "its retailer pays its suppliers as ever"
    story = text_of(books.browser(market.retailer).get(f"/app/orders/{order['id']}"))
    assert "It is sent although its customer has not paid for it yet." in story
    assert "Not paid" in story
    assert storefront.tell("orders/paid", later(body, 1)).endswith("known"), "paid later, it is not sent again"
    assert storefront.only_order()["unpaid"] is None
    assert books.taken(order) == [7100]


def test_a_reader_may_not_send_it_unpaid(storefront: Storefront) -> None:
    storefront.tell("orders/updated", storefront.order(**PENDING))
    market, order = storefront.market, storefront.only_order()
    foreign = market.other_retailer.api.post(f"/api/orders/{order['id']}/release", {"reason": "unpaid"})
    assert foreign.status_code == 404
    assert market.other_retailer.api.post(f"/api/orders/{order['id']}/paid", {}).status_code == 404
    assert reasons(storefront.only_order()) == ["unpaid"]


def test_trying_again_and_another_address_do_not_send_it(storefront: Storefront) -> None:
    body = storefront.order(**PENDING, shipping_address=None)
    storefront.tell("orders/updated", body)
    assert sorted(storefront.holds()) == ["address_incomplete", "unpaid"]
    moved = later(body, 1, "pending", shipping_address=storefront.order()["shipping_address"])
    assert "another address" in storefront.tell("orders/updated", moved)
    assert storefront.holds() == ["unpaid"]
    order = storefront.only_order()
    browser = storefront.books.browser(storefront.market.retailer)
    assert "Try again" not in text_of(browser.get(f"/app/orders/{order['id']}"))
    storefront.books.press(storefront.market.retailer, f"/app/orders/{order['id']}/resume")
    assert storefront.holds() == ["unpaid"]


def test_a_lapsed_payment_cancels_what_waits_and_one_that_comes_after_all_sends_it(storefront: Storefront) -> None:
    market, books = storefront.market, storefront.books
    body = storefront.order(**PENDING)
    storefront.tell("orders/updated", body)
    gone = later(body, 1, "voided")
    assert storefront.tell("orders/updated", gone).endswith("cancelled: it will not be paid")
    order = storefront.only_order()
    assert (order["status"], order["holds"], order["unpaid"]) == ("CANCELLED", [], "lapsed")
    assert storefront.reserved() == (0, 0)
    assert books.notices(market.retailer)["payment_lapsed"] == f"Order {body['name']} will not be paid"
    assert storefront.tell("orders/updated", gone).endswith("known")
    assert storefront.tell("orders/updated", body).endswith("known"), "an older word brings nothing back"
    assert "added" in storefront.tell("orders/paid", later(body, 2))
    assert storefront.tell("orders/paid", later(body, 2)).endswith("known")
    _, again = storefront.orders()
    assert (again["holds"], again["unpaid"], storefront.reserved()) == ([], None, (2, 1))
    assert books.taken(again) == [7100]
    assert market.count("store_refunds") == 0


def test_one_that_will_not_be_paid_and_never_came_stays_out(storefront: Storefront) -> None:
    for status in ("voided", "expired", "refunded", None):
        assert storefront.tell("orders/updated", storefront.order(financial_status=status)) == "ignored: not paid"
    assert storefront.tell("orders/updated", storefront.order(**PENDING, test=True)) == "ignored: not paid"
    assert storefront.orders() == []


def test_one_that_was_sent_unpaid_is_not_cancelled_when_its_payment_lapses(storefront: Storefront, jobs: Jobs) -> None:
    body = storefront.order(**PENDING)
    storefront.tell("orders/updated", body)
    order = storefront.only_order()
    storefront.market.retailer.api.post(f"/api/orders/{order['id']}/release", {"reason": "unpaid"})
    jobs.drain()
    assert storefront.tell("orders/updated", later(body, 1, "expired")).endswith("known")
    assert len(storefront.books.queue(storefront.market.supplier)) == 1


@pytest.fixture
def sends_authorised(storefront: Storefront) -> Storefront:
    """The store's orders go to suppliers when their payment is authorised."""
    api, path = storefront.market.retailer.api, f"/api/stores/{storefront.store_id}/hold-rules"
    rules = {name: value for name, value in api.get(path).json.items() if name != "store_id"}
    assert rules["send_when"] == "paid", "nobody is sent unpaid who has not chosen it"
    assert storefront.market.other_retailer.api.put(path, {**rules, "send_when": "authorized"}).status_code == 404
    assert api.put(path, {**rules, "send_when": "someday"}).status_code == 422
    assert api.put(path, {**rules, "send_when": "authorized"}).json["send_when"] == "authorized"
    return storefront


AUTHORIZED: Json = {"financial_status": "authorized"}


def test_a_store_chooses_on_its_page_when_its_orders_are_sent(storefront: Storefront) -> None:
    market = storefront.market
    browser, way = storefront.books.browser(market.retailer), f"/app/settings/stores/{storefront.store_id}/send-when"
    page = way.removesuffix("/send-when")
    assert "it expires, often after 7 days" in text_of(browser.get(page))
    assert browser.submit(page, way, send_when="authorized").status_code == 303
    told = market.retailer.api.get(f"/api/stores/{storefront.store_id}/hold-rules").json
    assert told["send_when"] == "authorized"
    audit = "select details from audit_events where action = 'stores.sends_when_changed'"
    assert storefront.books.row(audit)["details"] == {"from": "paid", "to": "authorized"}


@pytest.mark.parametrize("first", ["authorized", "pending"])
def test_an_authorised_order_is_sent_where_its_store_wants_that(sends_authorised: Storefront, first: str) -> None:
    storefront, books = sends_authorised, sends_authorised.books
    body = storefront.order(financial_status=first)
    storefront.tell("orders/updated", body)
    if first == "pending":
        assert storefront.holds() == ["unpaid"], "nothing is set aside for it"
        assert storefront.tell("orders/updated", later(body, 1, "authorized")).endswith("changed: authorised")
    order = storefront.only_order()
    assert (order["holds"], order["unpaid"], books.taken(order)) == ([], "authorized", [7100])
    assert len(order["purchase_orders"]) == 2
    story = text_of(books.browser(storefront.market.retailer).get(f"/app/orders/{order['id']}"))
    assert "Its payment is authorised, and it goes on, as you chose for this store." in story
    assert storefront.tell("orders/paid", later(body, 2)).endswith("known"), "taken, it is not sent again"
    assert storefront.only_order()["unpaid"] is None
    assert books.taken(order) == [7100]


@pytest.mark.parametrize("lost", ["voided", "expired"])
def test_its_retailer_is_told_when_the_payment_of_one_that_was_sent_is_lost(
    sends_authorised: Storefront, lost: str
) -> None:
    storefront, books, market = sends_authorised, sends_authorised.books, sends_authorised.market
    body = storefront.order(**AUTHORIZED)
    storefront.tell("orders/updated", body)
    for _ in range(2):
        storefront.tell("orders/updated", later(body, 1, lost))
    order = storefront.only_order()
    assert (order["unpaid"], len(books.queue(market.supplier))) == ("withdrawn", 1)
    title = f"The authorised payment of {body['name']} was withdrawn or has expired"
    assert books.notices(market.retailer)["payment_withdrawn"] == title
    (stuck,) = market.retailer.api.get("/api/exceptions", kind="payment_withdrawn").json["items"]
    assert stuck["order_id"] == order["id"]
    assert market.other_retailer.api.get("/api/exceptions", kind="payment_withdrawn").json["items"] == []
    browser, page = books.browser(market.retailer), f"/app/orders/{order['id']}"
    assert "The authorised payment is lost" in text_of(browser.get(page))
    if lost == "voided":
        assert browser.submit(page, f"{page}/paid").status_code == 303
    else:
        storefront.tell("orders/paid", later(body, 2))
    assert storefront.only_order()["unpaid"] is None
    assert "payment_withdrawn" not in books.notices(market.retailer)
    assert market.retailer.api.get("/api/exceptions", kind="payment_withdrawn").json["items"] == []
    assert books.taken(order) == [7100]


def test_one_that_no_supplier_has_yet_waits_when_its_payment_is_lost(
    sends_authorised: Storefront, set_up: Callable[..., None], jobs: Jobs
) -> None:
    set_up(fraud_window_minutes="2")
    storefront = sends_authorised
    body = storefront.order(**AUTHORIZED)
    storefront.tell("orders/updated", body)
    assert storefront.holds() == ["fraud_window"]
    assert "withdrawn" in storefront.tell("orders/updated", later(body, 1, "voided"))
    with clock.shifted(timedelta(minutes=70)):
        jobs.drain(retries=True)
        assert storefront.holds() == ["unpaid"]
        assert storefront.books.taken(storefront.only_order()) == []
        storefront.tell("orders/paid", later(body, 2))
    with clock.shifted(timedelta(minutes=75)):
        jobs.drain(retries=True)
    assert (storefront.holds(), storefront.books.taken(storefront.only_order())) == ([], [7100])


def test_cancelled_in_the_store_it_is_cancelled_here(storefront: Storefront) -> None:
    body = storefront.order(**PENDING)
    storefront.tell("orders/updated", body)
    at = "2026-11-01T11:30:00-04:00"
    gone = body | {"cancelled_at": at, "updated_at": at, "financial_status": "voided"}
    assert storefront.tell("orders/cancelled", gone) == "cancelled"
    order = storefront.only_order()
    assert (order["status"], order["holds"]) == ("CANCELLED", [])
    assert storefront.reserved() == (0, 0)
    assert storefront.tell("orders/paid", later(body, 1)).endswith("known")
    assert len(storefront.orders()) == 1


def test_the_moment_that_every_order_waits_begins_when_it_is_paid_and_risks_are_seen_before(
    storefront: Storefront, set_up: Callable[..., None], jobs: Jobs
) -> None:
    set_up(fraud_window_minutes="2")
    body = storefront.order(**PENDING)
    risk = {"admin_graphql_api_order_id": body["admin_graphql_api_id"], "risk_level": "HIGH", "provider_id": None}
    storefront.tell("orders/risk_assessment_changed", risk)
    storefront.tell("orders/updated", body)
    assert sorted(storefront.holds()) == ["risk_platform", "unpaid"]
    storefront.tell("orders/paid", later(body, 1))
    assert sorted(storefront.holds()) == ["fraud_window", "risk_platform"]
    order = storefront.only_order()
    with clock.shifted(timedelta(minutes=3)):
        jobs.drain(retries=True)
        assert storefront.holds() == ["risk_platform"]
        storefront.market.retailer.api.post(f"/api/orders/{order['id']}/release", {})
        jobs.drain()
    assert storefront.holds() == []
    assert storefront.books.taken(order) == [7100]


def test_it_is_written_of_once_when_it_lasts(storefront: Storefront, jobs: Jobs) -> None:
    market, books = storefront.market, storefront.books
    quick, slow = storefront.order(**PENDING), storefront.order(**PENDING)
    for body in (quick, slow):
        storefront.tell("orders/updated", body)
    assert books.letters("order_held") == []
    assert books.notices(market.retailer) == {}
    storefront.tell("orders/paid", later(quick, 1))
    with clock.shifted(timedelta(minutes=61)):
        jobs.drain(retries=True)
    title = f"Order {slow['name']} is on hold"
    assert books.letters("order_held") == [title]
    assert books.notices(market.retailer) == {"order_held": title}
    storefront.tell("orders/paid", later(slow, 2))
    assert books.notices(market.retailer) == {}


def test_units_are_let_go_in_time_and_taken_again_when_it_is_paid(storefront: Storefront) -> None:
    body = storefront.order(**PENDING)
    storefront.tell("orders/updated", body)
    storefront.books.later("expire_reservations", hours=73)
    assert (storefront.holds(), storefront.reserved()) == (["unpaid"], (0, 0))
    storefront.tell("orders/paid", later(body, 1))
    assert (storefront.holds(), storefront.reserved()) == ([], (2, 1))


def test_what_nobody_paid_for_is_not_refunded_until_somebody_does(till: Till, jobs: Jobs) -> None:
    till.change(lambda store: setattr(store, "refunds_customers", True))
    sold = till.sells(2, financial_status="PENDING")
    jobs.run_scheduled("catch_up_orders")
    order = till.only_order()
    assert reasons(order) == ["unpaid"]
    line = {"line_id": order["lines"][0]["id"], "quantity": 1}
    assert till.market.retailer.api.post(f"/api/orders/{order['id']}/cancel", {"lines": [line]}).status_code == 200
    till.settle()
    assert (till.refunds(), till.given_back(sold)) == ([], [])
    till.control.advance_clock(2)
    till.asks(_MARK_PAID, id=f"gid://shopify/Order/{sold['id']}")
    till.hears()
    till.settle()
    order = till.only_order()
    assert (order["holds"], order["lines"][0]["status"] != "cancelled") == ([], True)
    assert till.states() == ["MADE"]
    assert till.given_back(sold) == ["25.00"]


def test_an_unpaid_order_whose_hooks_got_lost_is_caught_up_and_so_is_its_payment(till: Till, jobs: Jobs) -> None:
    lines = [{"sku": "LAMP", "quantity": 2}]
    sold = till.control.create_order(till.shop, lines, financial_status="PENDING")
    jobs.run_scheduled("catch_up_orders")
    assert reasons(till.only_order()) == ["unpaid"]
    till.control.advance_clock(2)
    till.asks(_MARK_PAID, id=f"gid://shopify/Order/{sold['id']}")
    jobs.run_scheduled("catch_up_orders")
    jobs.run_scheduled("catch_up_orders")
    assert reasons(till.only_order()) == []
    assert len(till.books.taken(till.only_order())) == 1


def test_what_was_cancelled_here_and_paid_after_all_is_told(storefront: Storefront) -> None:
    market, books = storefront.market, storefront.books
    body = storefront.order(**PENDING)
    storefront.tell("orders/updated", body)
    order = storefront.only_order()
    lines = [{"line_id": line["id"], "quantity": line["quantity"]} for line in order["lines"]]
    market.retailer.api.post(f"/api/orders/{order['id']}/cancel", {"lines": lines})
    storefront.jobs.drain()
    assert market.retailer.api.get(f"/api/orders/{order['id']}/store-refunds").json["owed"] == []
    storefront.tell("orders/paid", later(body, 1))
    assert storefront.only_order()["status"] == "CANCELLED"
    assert "was paid after it was cancelled here" in books.notices(market.retailer)["paid_in_vain"]
    owed = market.retailer.api.get(f"/api/orders/{order['id']}/store-refunds").json["owed"]
    assert [one["quantity"] for one in owed] == [2, 1], "now its customer has paid for what will not come"
    assert books.taken(order) == []


def test_the_api_takes_an_unpaid_order_and_hears_that_it_is_paid(market: Market, jobs: Jobs, books: Books) -> None:
    answer = market.retailer.api.post("/api/orders", market.order_body() | {"paid": False})
    assert answer.status_code == 201, answer.text
    placed = answer.json
    jobs.drain()
    assert (placed["status"], reasons(placed), placed["unpaid"]) == ("ON_HOLD", ["unpaid"], "pending")
    assert books.taken(placed) == []
    for _ in range(2):
        answer = market.retailer.api.post(f"/api/orders/{placed['id']}/paid", {})
        assert answer.status_code == 200, answer.text
        assert (answer.json["holds"], answer.json["unpaid"]) == ([], None)
    jobs.drain()
    assert books.taken(placed) == [7100]


def test_a_store_says_itself_what_is_paid(storefront: Storefront) -> None:
    storefront.tell("orders/updated", storefront.order(**PENDING))
    answer = storefront.market.retailer.api.post(f"/api/orders/{storefront.only_order()['id']}/paid", {})
    assert (answer.status_code, answer.json["code"]) == (409, "paid_in_store")
    assert storefront.holds() == ["unpaid"]


@pytest.mark.parametrize("name", ["pending", "partially-paid"])
def test_a_real_unpaid_order_waits_and_goes_on(storefront: Storefront, name: str) -> None:
    body = orjson.loads(sample(f"payloads/shopify-order-{name}.json").read_bytes())
    lamp = storefront.line(storefront.market.lamp.variants[0])
    body["line_items"][0] |= {"variant_id": lamp["variant_id"]}
    body |= {"shipping_address": storefront.order()["shipping_address"]}
    assert storefront.tell("orders/updated", body).endswith("waits until it is paid")
    assert storefront.holds() == ["unpaid"]
    assert storefront.tell("orders/paid", body | {"financial_status": "paid"}).endswith("changed: paid")
    assert storefront.holds() == []
