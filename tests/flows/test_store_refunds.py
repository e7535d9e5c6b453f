"""Refunds that the retailer's own store gives to its customers: chosen with a decision, after a return, or by itself;
made once whatever is lost on the way, matched with what the store tells of them, and never in our books."""

from __future__ import annotations

import re
from datetime import timedelta

from app.kit import clock
from tests.adapters.stores.conftest import configured, simulator
from tests.flows.books import Books, Json
from tests.flows.deciding import RULES
from tests.flows.refunding import SCOPES, Till, cannot_deliver, choose, decide, story, till
from tests.flows.test_returns import act, asked, checked
from tests.market import Market
from tests.stack import Jobs
from tests.web.browsing import text_of

__all__ = ["configured", "simulator", "till"]


def test_a_choice_to_refund_goes_through_to_the_stores_customer(till: Till, books: Books) -> None:
    order = till.sells(lamps=2, chairs=1)
    before = books.rows("select count(*) as n from postings")
    decision = cannot_deliver(till, books)
    choose(till, decision, refund_customer=True)
    assert till.given_back(order) == ["50.00"]
    (made,) = till.refunds()
    assert (made["state"], made["refunded"], made["cancelled"]) == (
        "MADE",
        {"amount": "50.00", "currency": "USD"},
        False,
    )
    # What the store tells of it is known as ours: nobody is told, and nothing is cancelled again.
    assert [one for one in till.hears("refunds/create")] == [f"the refund {made['id']}: MADE"]
    till.hears()
    assert till.refunds() == [made]
    assert "refunded_in_store" not in books.notices(till.market.retailer)
    assert till.cancelled() == [2, 0]
    told = story(till, books)
    assert "The store is asked to refund its customer for 2 units." in told
    assert "The store refunded $50.00 to its customer." in told
    assert "The order was changed in the store" not in told
    books.ledger()
    assert before != books.rows("select count(*) as n from postings"), "our own refund to the retailer's card is booked"
    assert books.rows("select 1 from journal_entries where kind ilike %s", "%store%") == []


def test_an_order_of_which_nothing_comes_is_cancelled_there_with_its_delivery(till: Till, books: Books) -> None:
    order = till.sells(lamps=2)
    choose(till, cannot_deliver(till, books), refund_customer=True)
    (made,) = till.refunds()
    assert (made["state"], made["cancelled"], made["refunded"]["amount"]) == ("MADE", True, "54.00")
    assert till.seen(order)["financial_status"] == "REFUNDED"
    till.hears()
    assert till.refunds() == [made]
    assert not {"cancelled_in_store", "refunded_in_store"} & set(books.notices(till.market.retailer))
    assert "The store cancelled the order and refunded $54.00 to its customer." in story(till, books)
    assert "The order was cancelled in the store." not in story(till, books)


def test_without_the_tick_nothing_is_refunded_until_somebody_asks(till: Till, books: Books) -> None:
    order = till.sells(lamps=2, chairs=1)
    choose(till, cannot_deliver(till, books))
    assert till.refunds() == []
    assert till.given_back(order) == []
    path = f"/api/orders/{till.only_order()['id']}/store-refunds"
    api = till.market.retailer.api
    told = api.get(path).json
    assert told["owed_worth"] == {"amount": "50.00", "currency": "USD"}
    (owed,) = told["owed"]
    assert owed["quantity"] == 2
    body = {"lines": [{"line_id": owed["line_id"], "quantity": 2}], "amount": {"amount": "40.00", "currency": "USD"}}
    for amount, delivery, most in (("50.02", False, "50.00 USD"), ("54.02", True, "54.00 USD")):
        too_much = {**body, "by_hand": True, "shipping": delivery, "amount": {"amount": amount, "currency": "USD"}}
        refused = api.post(path, too_much)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "amount")
        assert refused.json["errors"][0]["code"] == "too_much" and most in refused.json["errors"][0]["message"]
    assert api.post(path, body).status_code == 201
    again = api.post(path, body)
    assert (again.status_code, again.json["code"]) == (409, "not_refundable")
    till.settle()
    assert till.given_back(order) == ["40.00"]
    assert api.get(path).json["owed"] == []
    # Whoever is not of this order sees nothing of it.
    (made,) = till.refunds()
    other = till.market.other_retailer.api
    assert other.get(path).status_code == 404
    assert other.get(f"/api/store-refunds/{made['id']}").status_code == 404
    assert other.post(f"/api/store-refunds/{made['id']}/again", {}).status_code == 404
    assert other.post(path, body).status_code == 404


def test_a_store_that_refunds_by_itself_is_asked_for_all_that_will_not_come(till: Till, books: Books) -> None:
    till.change(lambda store: setattr(store, "refunds_customers", True))
    order = till.sells(lamps=2, chairs=1)
    choose(till, cannot_deliver(till, books))
    assert till.given_back(order) == ["50.00"]
    # A retailer that cancels more is not asked either; nothing is left then, and the order is cancelled.
    line = till.only_order()["lines"][1]
    asked = till.market.retailer.api.post(
        f"/api/orders/{till.only_order()['id']}/cancel", {"lines": [{"line_id": line["id"], "quantity": 1}]}
    )
    assert asked.status_code == 200, asked.text
    till.settle()
    assert till.given_back(order) == ["50.00", "29.00"]
    till.hears()
    till.settle()
    assert till.states() == ["MADE", "MADE"]
    assert till.given_back(order) == ["50.00", "29.00"]


def test_who_says_no_for_one_order_is_heard_although_its_store_refunds_by_itself(till: Till, books: Books) -> None:
    till.change(lambda store: setattr(store, "refunds_customers", True))
    till.sells(lamps=2, chairs=1)
    choose(till, cannot_deliver(till, books), refund_customer=False)
    assert till.refunds() == []


def test_what_the_store_cancelled_itself_is_not_refunded_by_us(till: Till, books: Books) -> None:
    till.change(lambda store: setattr(store, "refunds_customers", True))
    order = till.sells(lamps=2, chairs=1)
    till.control.refund_order(till.shop, order["id"], {order["lines"][0]["id"]: 1})
    till.hears()
    till.settle()
    assert till.refunds() == []
    till.control.cancel_order(till.shop, order["id"])
    till.hears()
    till.settle()
    assert till.refunds() == []
    assert len(till.given_back(order)) == 2


def test_a_lost_answer_is_found_by_asking_and_the_hook_may_be_quicker(till: Till, books: Books) -> None:
    order = till.sells(lamps=2, chairs=1)
    till.control.add_fault("drop_after_effect", {"operation": "refundCreate", "shop": till.shop}, times=1)
    decide(till, cannot_deliver(till, books), refund_customer=True)
    assert till.states() == ["ASKED"]
    assert till.given_back(order) == ["50.00"]
    (done,) = till.hears("refunds/create")
    assert done.endswith(": MADE")
    assert till.refunds()[0]["refunded"] == {"amount": "50.00", "currency": "USD"}
    till.settle()
    till.hears("refunds/create", again=True)
    assert till.given_back(order) == ["50.00"]
    assert till.states() == ["MADE"]
    assert story(till, books).count("The store refunded $50.00 to its customer.") == 1


def test_a_merchant_that_has_not_permitted_it_is_told_what_to_do(till: Till, books: Books) -> None:
    till.grant()
    order = till.sells(lamps=2, chairs=1)
    choose(till, cannot_deliver(till, books), refund_customer=True)
    (refused,) = till.refunds()
    assert (refused["state"], refused["refusal"]) == ("REFUSED", "access_denied")
    assert till.given_back(order) == []
    assert "has not got its money back" in books.notices(till.market.retailer)["store_refund"]
    inbox = till.market.retailer.api.get("/api/exceptions", kind="store_refund").json["items"]
    assert [one["subject_id"] for one in inbox] == [refused["id"]]
    # The merchant permits it: the store says so, and it is asked again.
    till.grant("write_orders")
    again = till.market.retailer.api.post(f"/api/store-refunds/{refused['id']}/again", {})
    assert again.json["state"] == "ASKED"
    till.settle()
    assert till.states() == ["MADE"]
    assert till.given_back(order) == ["50.00"]
    assert "store_refund" not in books.notices(till.market.retailer)
    assert till.market.retailer.api.get("/api/exceptions", kind="store_refund").json["items"] == []


def test_what_the_merchant_refunds_in_the_store_ends_the_wish(till: Till, books: Books) -> None:
    till.grant()
    order = till.sells(lamps=2, chairs=1)
    choose(till, cannot_deliver(till, books), refund_customer=True)
    till.control.refund_order(till.shop, order["id"], {order["lines"][0]["id"]: 2})
    till.hears()
    assert till.states() == ["BY_HAND"]
    assert "refunded_in_store" not in books.notices(till.market.retailer)
    again = till.market.retailer.api.post(f"/api/store-refunds/{till.refunds()[0]['id']}/again", {})
    assert (again.status_code, again.json["code"]) == (409, "move_not_allowed")
    assert "Refunded in the store itself: 2 units." in story(till, books)


def back(till: Till, books: Books, *, sent: int = 2) -> Json:
    """Lamps arrived, one came back and was looked at."""
    (one, *_) = books.queue(till.market.supplier)
    books.arrived(till.market.supplier, books.ship(till.market.supplier, one, sent))
    till.jobs.drain()
    order = till.only_order()
    lamps = next(row for row in order["purchase_orders"] if row["supplier_id"] == str(till.market.supplier.id))
    row = asked(till.market, lamps, 1, "damaged")
    act(till.market.supplier, row, "approve")
    act(till.market.retailer, row, "ship", {"carrier": "DHL", "tracking_number": "00340434161094042557"})
    checked(till.market, row)
    return row


def back_and_credited(till: Till, books: Books, *, sent: int = 2) -> Json:
    """Lamps arrived, one came back and is credited."""
    row = back(till, books, sent=sent)
    act(till.market.supplier, row, "credit")
    till.settle()
    return row


def test_a_credited_return_is_refunded_from_its_orders_page(till: Till, books: Books) -> None:
    order = till.sells(lamps=2)
    row = back_and_credited(till, books)
    assert till.refunds() == []
    page = story(till, books)
    assert f"Return {row['number']} is credited. Your customer is still to be refunded." in page
    path = f"/app/orders/{till.only_order()['id']}/refund"
    browser = books.browser(till.market.retailer)
    shown = browser.get(f"{path}?return={row['id']}").text
    assert "Your store would give back" in shown
    assert "25.00" in shown
    line = till.only_order()["lines"][0]["id"]
    form = {f"units-{line}": "1", "return": row["id"], "notify": "1", "way": "store"}
    assert books.press(till.market.retailer, path, **form).status_code == 303
    till.settle()
    assert till.given_back(order) == ["25.00"]
    (made,) = till.refunds()
    assert (made["state"], made["return_id"]) == ("MADE", row["id"])
    till.hears()
    assert till.refunds() == [made]
    assert "refunded_in_store" not in books.notices(till.market.retailer)
    assert "still to be refunded" not in story(till, books)
    # No more than was credited; what is not there is not refunded.
    assert books.press(till.market.retailer, path, **form).status_code == 422
    assert till.given_back(order) == ["25.00"]


def test_what_was_exchanged_is_not_refunded_besides(till: Till, books: Books) -> None:
    order = till.sells(lamps=2)
    row, sold = back(till, books), till.only_order()
    assert till.market.retailer.api.post(f"/api/returns/{row['id']}/exchange", {}).status_code == 200
    act(till.market.supplier, row, "credit")
    till.settle()
    path = f"/api/orders/{sold['id']}/store-refunds"
    lines = [{"line_id": sold["lines"][0]["id"], "quantity": 1}]
    refused = till.market.retailer.api.post(path, {"lines": lines, "return_id": row["id"]})
    assert (refused.status_code, refused.json["code"]) == (409, "not_refundable")
    till.settle()
    assert till.given_back(order) == []


def test_a_credited_return_is_refunded_by_a_store_that_does_so_by_itself(till: Till, books: Books) -> None:
    till.change(lambda store: setattr(store, "refunds_customers", True))
    order = till.sells(lamps=2)
    row = back_and_credited(till, books)
    assert till.given_back(order) == ["25.00"]
    assert [(one["state"], one["return_id"]) for one in till.refunds()] == [("MADE", row["id"])]


def stopped(books: Books) -> list[int]:
    """Units that suppliers were asked to stop."""
    return [row["quantity"] for row in books.rows("select quantity from change_request_lines")]


def test_the_refund_of_a_return_stops_no_unit_that_is_still_to_come(till: Till, books: Books) -> None:
    till.change(lambda store: setattr(store, "refunds_customers", True))
    order = till.sells(lamps=2)
    back_and_credited(till, books, sent=1)
    assert till.given_back(order) == ["25.00"]
    till.hears()
    assert stopped(books) == []
    # What the store takes away beside it is an edit as ever.
    till.edits(order, order["lines"][0], 0)
    till.hears()
    assert stopped(books) == [1]


def test_a_merchant_that_refunds_a_credited_return_in_its_store_stops_nothing(till: Till, books: Books) -> None:
    order = till.sells(lamps=2)
    back_and_credited(till, books, sent=1)
    till.control.refund_order(till.shop, order["id"], {order["lines"][0]["id"]: 1})
    till.hears()
    assert stopped(books) == []


def test_a_return_that_the_merchant_refunded_before_its_credit_is_not_refunded_again(till: Till, books: Books) -> None:
    till.change(lambda store: setattr(store, "refunds_customers", True))
    order = till.sells(lamps=2)
    row = back(till, books)
    till.control.refund_order(till.shop, order["id"], {order["lines"][0]["id"]: 1})
    till.hears()
    act(till.market.supplier, row, "credit")
    till.settle()
    assert till.given_back(order) == ["25.00"]
    assert till.refunds() == []
    assert "still to be refunded" not in story(till, books)


def test_a_retailer_refunds_what_stays_with_its_customer_without_a_return(till: Till, books: Books) -> None:
    order = till.sells(lamps=2)
    (one, *_) = books.queue(till.market.supplier)
    books.arrived(till.market.supplier, books.ship(till.market.supplier, one, 2))
    till.jobs.drain()
    line = till.only_order()["lines"][0]["id"]
    path = f"/app/orders/{till.only_order()['id']}/refund"
    wrong = books.press(till.market.retailer, path, **{f"units-{line}": "3", "way": "store"})
    assert wrong.status_code == 422
    once = re.search(r'name="once" value="([^"]+)"', books.browser(till.market.retailer).get(path).text)
    assert once is not None
    for way in ("store", "by_hand"):
        dear = books.press(till.market.retailer, path, **{f"units-{line}": "1", "amount": "25,01", "way": way})
        assert dear.status_code == 422
        assert "At most 25.00 USD can be refunded for these units" in text_of(dear)
    form = {f"units-{line}": "1", "amount": "10,00", "way": "store", "once": once[1]}
    for _ in range(2):
        assert books.press(till.market.retailer, path, **form).status_code == 303
    till.settle()
    assert till.given_back(order) == ["10.00"]
    rest = {f"units-{line}": "1", "amount": "29.00", "shipping": "1", "way": "by_hand"}
    assert books.press(till.market.retailer, path, **rest).status_code == 303, "with the delivery, which it paid, too"
    told = till.hears()
    assert any(one.endswith(": MADE") for one in told)
    assert till.cancelled() == [0]
    assert "The order was changed in the store" not in story(till, books)


def test_a_decision_offers_the_refund_with_its_amount_and_a_store_is_set_to_do_it_by_itself(
    till: Till, books: Books
) -> None:
    order = till.sells(lamps=2, chairs=1)
    decision = cannot_deliver(till, books)
    browser = books.browser(till.market.retailer)
    assert "Refund your customer in the store, too: about $50.00" in story(till, books)
    path = f"/app/orders/{decision['order_id']}/decisions/{decision['id']}"
    form = {"choice": "refund", "asks_refund": "1", "refund_customer": "1"}
    assert books.press(till.market.retailer, path, **form).status_code == 303
    with clock.shifted(timedelta(minutes=3)):
        till.jobs.run_scheduled("watch_decisions")
    till.settle()
    assert till.given_back(order) == ["50.00"]
    settings = f"/app/settings/stores/{till.store_id}/refunds"
    assert books.press(till.market.retailer, settings, by_itself="1").status_code == 303
    assert books.rows("select refunds_customers from stores where id = %s", till.store_id) == [
        {"refunds_customers": True}
    ]
    till.grant()
    assert "your store does not let us give money back" in browser.get(settings.removesuffix("/refunds")).text


def test_a_permission_that_comes_later_is_used_with_a_token_that_has_it(till: Till, books: Books) -> None:
    till.grant()
    order = till.sells(lamps=2, chairs=1)
    choose(till, cannot_deliver(till, books), refund_customer=True)
    till.control.grant_scopes(till.shop, [*SCOPES, "write_orders"])
    till.tell("app/scopes_update", {"previous": list(SCOPES), "current": [*SCOPES, "write_orders"]})
    (refused,) = till.refunds()
    path = f"/app/orders/{till.only_order()['id']}/refunds/{refused['id']}/again"
    assert books.press(till.market.retailer, path).status_code == 303
    till.settle()
    assert till.given_back(order) == ["50.00"]


def test_a_custom_stores_own_system_is_asked_and_reports(market: Market, jobs: Jobs, books: Books) -> None:
    api = market.retailer.api
    api.put("/api/answer-rules", {**RULES, "reroute_rejected": False})
    reader = market.key(market.retailer, "read:events", "read:orders", "write:orders")
    assert reader.get("/api/events").status_code == 200
    placed = api.post(
        "/api/orders", {**market.order_body((market.lamp.variants[0], 2)), "store_id": str(market.store_id)}
    ).json
    jobs.drain()
    (one, *_) = books.queue(market.supplier)
    said = {"lines": [{"line_id": one["lines"][0]["id"], "status": "rejected", "reason": "out_of_stock"}]}
    market.supplier.api.post(f"/api/supplier/orders/{one['id']}/acknowledge", said)
    jobs.drain()
    (decision,) = api.get(f"/api/orders/{placed['id']}/decisions").json["items"]
    api.post(f"/api/orders/{placed['id']}/decisions/{decision['id']}", {"choice": "refund", "refund_customer": True})
    with clock.shifted(timedelta(minutes=3)):
        jobs.run_scheduled("watch_decisions")
    events = [one for one in reader.get("/api/events", limit=200).json["items"] if one["type"] == "store_refund.asked"]
    (event,) = events
    wanted = reader.get("/" + event["data"]["url"].split("//")[1].partition("/")[2]).json
    assert (wanted["state"], [line["quantity"] for line in wanted["lines"]]) == ("ASKED", [2])
    path = f"/api/store-refunds/{wanted['id']}/report"
    nothing = reader.post(path, {"made": True})
    assert (nothing.status_code, nothing.json["errors"][0]["field"]) == (422, "amount")
    refused = reader.post(path, {"made": False, "reason": "The card is closed."})
    assert (refused.json["state"], refused.json["refusal_text"]) == ("REFUSED", "The card is closed.")
    assert "The card is closed." in str(books.browser(market.retailer).get(f"/app/orders/{placed['id']}").text)
    report = {"made": True, "amount": {"amount": "50.00", "currency": "USD"}, "external_id": "rf_1"}
    for _ in range(2):
        done = reader.post(path, report)
        assert (done.status_code, done.json["state"]) == (200, "MADE")
    jobs.drain()
    assert books.letters("customer_refund") == [], "its system was told to write to the customer"
    other = reader.post(path, {**report, "external_id": "rf_2"})
    assert (other.status_code, other.json["code"]) == (409, "move_not_allowed")
    assert market.other_retailer.api.post(path, report).status_code == 404
    assert market.supplier.api.post(path, report).status_code == 403
