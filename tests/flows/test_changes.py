"""A change of mind: what no supplier has accepted is cancelled at once; what one has, it is asked to stop, and
answers."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from app.kit import clock
from tests.flows.books import Books, Json
from tests.flows.storefront import Storefront
from tests.market import Market, Party
from tests.web.browsing import text_of

LAMP_SHIPPING = 600


def accepted_lamps(market: Market, books: Books, units: int = 5) -> tuple[Json, Json]:
    """A paid order of lamps that their supplier has accepted, and its purchase order."""
    books.browser(market.supplier)
    order = books.paid_order((market.lamp.variants[0], units))
    (purchase_order,) = books.queue(market.supplier)
    books.answer(market.supplier, purchase_order, status="accepted")
    return order, purchase_order


def cancel(market: Market, order: Json, *units: int | None, reason: str | None = None) -> Json:
    """The retailer cancels so many units of the order's lines by API."""
    lines = [
        {"line_id": line["id"], **({} if count is None else {"quantity": count})}
        for line, count in zip(order["lines"], units, strict=False)
    ]
    body = {"lines": lines, **({"reason": reason} if reason else {})}
    answer = market.retailer.api.post(f"/api/orders/{order['id']}/cancel", body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def request_of(party: Party, which: Json) -> Json:
    side = "/api/supplier/change-requests"
    return dict(party.api.get(f"{side}/{which['id']}").json)


def accept(market: Market, wanted: Json, *units: int) -> Json:
    lines = [
        {"line_id": line["line_id"], "quantity": count} for line, count in zip(wanted["lines"], units, strict=False)
    ]
    answer = market.supplier.api.post(
        f"/api/supplier/change-requests/{wanted['id']}/accept", {"lines": lines} if lines else {}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def refuse(market: Market, wanted: Json, reason: str = "packed", **more: str) -> Json:
    answer = market.supplier.api.post(
        f"/api/supplier/change-requests/{wanted['id']}/refuse", {"reason": reason, **more}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def test_units_of_a_line_that_nobody_has_accepted_are_cancelled_at_once(market: Market, books: Books) -> None:
    order = books.paid_order((market.lamp.variants[0], 5))
    done = cancel(market, order, 2)
    assert done["lines"] == [{"line_id": order["lines"][0]["id"], "cancelled": 2, "asked": 0}]
    assert done["change_requests"] == []
    books.jobs.drain()
    assert market.stock(market.lamp.variants[0]) == {"on_hand": 10, "reserved": 3}
    (left,) = books.queue(market.supplier)
    assert (left["lines"][0]["quantity"], left["lines"][0]["cancelled"]) == (5, 2)
    assert len(books.given_back(order)) == 1
    assert books.notices(market.supplier)["lines_cancelled"] == f"Purchase order {left['number']} was cancelled in part"
    cancel(market, order, None)
    books.jobs.drain()
    assert books.order(order)["status"] == "CANCELLED"
    assert sum(books.given_back(order)) == sum(books.taken(order))


def test_an_order_without_suppliers_loses_units_and_keeps_the_rest(storefront: Storefront) -> None:
    market, books = storefront.market, storefront.books
    storefront.tell("orders/paid", storefront.order(shipping_address=None))
    order = storefront.only_order()
    done = cancel(market, order, 1)
    assert done["lines"][0]["cancelled"] == 1
    assert storefront.reserved() == (1, 1)
    refused = market.retailer.api.post(
        f"/api/orders/{order['id']}/cancel", {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 2}]}
    )
    assert (refused.status_code, refused.json["code"]) == (409, "quantity_exceeds_open")
    assert "1 can still be cancelled" in refused.text
    everything = market.retailer.api.post(f"/api/orders/{order['id']}/cancel", {})
    assert everything.json["order"]["status"] == "CANCELLED"
    books.jobs.drain()
    assert storefront.reserved() == (0, 0)


def test_what_is_accepted_is_asked_for_and_money_comes_back_when_the_supplier_agrees(
    market: Market, books: Books
) -> None:
    order, purchase_order = accepted_lamps(market, books)
    done = cancel(market, order, 2, reason="Ordered twice")
    assert done["lines"][0] | {"line_id": ""} == {"line_id": "", "cancelled": 0, "asked": 2}
    (wanted,) = done["change_requests"]
    assert (wanted["state"], wanted["kind"], wanted["note"]) == ("OPEN", "cancellation", "Ordered twice")
    books.jobs.drain()
    assert books.given_back(order) == []
    assert market.stock(market.lamp.variants[0])["reserved"] == 5
    assert books.notices(market.supplier)["change_request"] == f"Please stop 2 units of {purchase_order['number']}"
    assert f"Please stop 2 units of {purchase_order['number']}" in books.letters("change_request")
    answered = accept(market, wanted)
    assert (answered["state"], answered["lines"][0]["accepted"]) == ("ACCEPTED", 2)
    assert accept(market, wanted)["state"] == "ACCEPTED", "the same answer again is one"
    books.jobs.drain()
    assert market.stock(market.lamp.variants[0]) == {"on_hand": 10, "reserved": 3}
    assert len(books.given_back(order)) == 1
    assert "change_request" not in books.notices(market.supplier)
    assert "stopped 2 of 2 units" in books.notices(market.retailer)["change_request"]
    late = market.supplier.api.post(f"/api/supplier/change-requests/{wanted['id']}/refuse", {"reason": "packed"})
    assert (late.status_code, late.json["code"]) == (409, "answered")
    told = text_of(books.browser(market.retailer).get(f"/app/orders/{order['id']}"))
    assert "was asked to stop 2 ×" in told
    assert "stopped 2 ×" in told


def test_a_supplier_may_stop_a_part_and_says_that_the_rest_is_packed(market: Market, books: Books) -> None:
    order, _ = accepted_lamps(market, books)
    (wanted,) = cancel(market, order, 4)["change_requests"]
    assert accept(market, wanted, 1)["state"] == "PARTLY"
    books.jobs.drain()
    assert market.stock(market.lamp.variants[0])["reserved"] == 4
    assert "stopped 1 of 4 units" in books.notices(market.retailer)["change_request"]
    (again,) = cancel(market, order, 4)["change_requests"]
    assert again["id"] != wanted["id"]
    assert refuse(market, again, "made_to_order", message="Cut to size")["state"] == "REFUSED"
    books.jobs.drain()
    assert market.stock(market.lamp.variants[0])["reserved"] == 4
    page = text_of(books.browser(market.retailer).get(f"/app/orders/{order['id']}"))
    assert "It is made to order." in page
    assert "Cut to size" in page


def test_asking_twice_is_one_request_and_more_is_added_to_it(market: Market, books: Books) -> None:
    order, _ = accepted_lamps(market, books)
    (first,) = cancel(market, order, 2)["change_requests"]
    (second,) = cancel(market, order, 1)["change_requests"]
    assert (second["id"], second["lines"][0]["quantity"]) == (first["id"], 3)
    over = market.retailer.api.post(
        f"/api/orders/{order['id']}/cancel", {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 3}]}
    )
    assert over.status_code == 409
    assert "2 can still be cancelled" in over.text
    accept(market, first)
    books.jobs.drain()
    assert market.stock(market.lamp.variants[0])["reserved"] == 2


def test_two_who_cancel_at_once_cancel_once(market: Market, books: Books) -> None:
    order = books.paid_order((market.lamp.variants[0], 5))
    body = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 4}]}
    start, answers = threading.Barrier(2), []

    def ask() -> None:
        start.wait(30)
        answers.append(market.retailer.api.post(f"/api/orders/{order['id']}/cancel", body).status_code)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert sorted(answers) == [200, 409]
    books.jobs.drain()
    assert market.stock(market.lamp.variants[0])["reserved"] == 1


@pytest.mark.parametrize("asked", [5, 2])
def test_what_ships_while_a_request_waits_has_won_and_the_rest_is_stopped(
    market: Market, books: Books, asked: int
) -> None:
    order, purchase_order = accepted_lamps(market, books)
    (wanted,) = cancel(market, order, asked)["change_requests"]
    books.ship(market.supplier, purchase_order, 4)
    books.jobs.drain()
    now = request_of(market.supplier, wanted)
    lost = asked - 1
    assert now["state"] == "PARTLY"
    assert now["lines"][0] | {"line_id": ""} == {
        "line_id": "", "quantity": asked, "accepted": 1, "shipped_first": lost,
    }  # fmt: skip
    assert market.stock(market.lamp.variants[0]) == {"on_hand": 6, "reserved": 0}
    assert books.order(order)["status"] == "SHIPPED"
    assert len(books.given_back(order)) == 1


def test_a_parcel_that_leaves_enough_lets_the_request_wait(market: Market, books: Books) -> None:
    order, purchase_order = accepted_lamps(market, books)
    (wanted,) = cancel(market, order, 2)["change_requests"]
    books.ship(market.supplier, purchase_order, 3)
    assert request_of(market.supplier, wanted)["state"] == "OPEN"
    books.ship(market.supplier, purchase_order, 2)
    books.jobs.drain()
    done = request_of(market.supplier, wanted)
    assert (done["state"], done["refusal"], done["lines"][0]["shipped_first"]) == ("REFUSED", "shipped_first", 2)
    assert books.given_back(order) == []
    assert books.order(order)["status"] == "SHIPPED"


def test_cancelling_against_shipping_ends_with_every_unit_in_one_place(market: Market, books: Books) -> None:
    order, purchase_order = accepted_lamps(market, books)
    (wanted,) = cancel(market, order, 5)["change_requests"]
    start, answers = threading.Barrier(2), []

    def stop() -> None:
        start.wait(30)
        answers.append(market.supplier.api.post(f"/api/supplier/change-requests/{wanted['id']}/accept", {}).status_code)

    def send() -> None:
        parcel = {
            "carrier": "manual",
            "tracking_number": "RACE-1",
            "lines": [{"line_id": purchase_order["lines"][0]["id"], "quantity": 2}],
        }
        start.wait(30)
        answer = market.supplier.api.post(f"/api/supplier/orders/{purchase_order['id']}/ship", {"parcels": [parcel]})
        answers.append(answer.status_code)

    threads = [threading.Thread(target=stop), threading.Thread(target=send)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    books.jobs.drain()
    line = books.row("select quantity, shipped, cancelled from purchase_order_lines")
    assert line["shipped"] + line["cancelled"] == line["quantity"] == 5
    assert sorted(answers) in ([200, 409], [201, 409])
    assert line["shipped"] in (0, 2)
    assert market.stock(market.lamp.variants[0]) == {"on_hand": 10 - line["shipped"], "reserved": 0}
    assert books.order(order)["status"] == ("SHIPPED" if line["shipped"] else "CANCELLED")


def test_cancelling_against_accepting_is_either_done_or_asked(market: Market, books: Books) -> None:
    order = books.paid_order((market.lamp.variants[0], 5))
    (purchase_order,) = books.queue(market.supplier)
    start = threading.Barrier(2)

    def say() -> None:
        start.wait(30)
        market.supplier.api.post(
            f"/api/supplier/orders/{purchase_order['id']}/acknowledge",
            {"lines": [{"line_id": purchase_order["lines"][0]["id"], "status": "accepted"}]},
        )

    thread = threading.Thread(target=say)
    thread.start()
    start.wait(30)
    done = cancel(market, order, 2)["lines"][0]
    thread.join(60)
    books.jobs.drain()
    assert done["cancelled"] + done["asked"] == 2
    assert market.stock(market.lamp.variants[0])["reserved"] == 5 - done["cancelled"]


def test_a_silent_supplier_is_reminded_and_then_its_silence_stops_what_it_does_not_pack(
    market: Market, books: Books
) -> None:
    order, purchase_order = accepted_lamps(market, books)
    (wanted,) = cancel(market, order, 5)["change_requests"]
    books.later("watch_change_requests", hours=11)
    assert not any(one.startswith("Reminder") for one in books.letters("change_request"))
    books.later("watch_change_requests", hours=13)
    books.later("watch_change_requests", hours=14)
    assert [one for one in books.letters("change_request") if one.startswith("Reminder")] == [
        f"Reminder: please stop 5 units of {purchase_order['number']}"
    ]
    books.later("watch_change_requests", hours=25)
    done = request_of(market.supplier, wanted)
    assert (done["state"], done["lines"][0]["accepted"]) == ("ACCEPTED", 5)
    assert books.order(order)["status"] == "CANCELLED"
    assert sum(books.given_back(order)) == sum(books.taken(order))


def test_silence_of_a_supplier_that_packs_lets_the_order_go_on(market: Market, books: Books) -> None:
    order, purchase_order = accepted_lamps(market, books)
    (wanted,) = cancel(market, order, 5)["change_requests"]
    assert books.press(market.supplier, f"/supplier/purchase-orders/{purchase_order['id']}/pack").status_code == 303
    books.later("watch_change_requests", hours=25)
    done = request_of(market.supplier, wanted)
    assert (done["state"], done["refusal"]) == ("REFUSED", "no_answer")
    assert market.stock(market.lamp.variants[0])["reserved"] == 5


def test_a_request_that_is_withdrawn_changes_nothing(market: Market, books: Books) -> None:
    order, _ = accepted_lamps(market, books)
    (wanted,) = cancel(market, order, 5)["change_requests"]
    gone = market.retailer.api.post(f"/api/change-requests/{wanted['id']}/withdraw", {})
    assert gone.json["state"] == "WITHDRAWN"
    assert market.supplier.api.post(f"/api/supplier/change-requests/{wanted['id']}/accept", {}).status_code == 409
    assert market.other_retailer.api.get(f"/api/change-requests/{wanted['id']}").status_code == 404
    assert market.other_supplier.api.get(f"/api/supplier/change-requests/{wanted['id']}").status_code == 404
    assert market.other_retailer.api.post(f"/api/orders/{order['id']}/cancel", {}).status_code == 404
    assert [one["state"] for one in market.retailer.api.get("/api/change-requests").json["items"]] == ["WITHDRAWN"]


def test_both_sides_do_it_on_their_pages(market: Market, books: Books) -> None:
    order, purchase_order = accepted_lamps(market, books)
    shop, desk = books.browser(market.retailer), books.browser(market.supplier)
    page, paper = f"/app/orders/{order['id']}", f"/supplier/purchase-orders/{purchase_order['id']}"
    line = order["lines"][0]["id"]
    assert "Say how many units" in text_of(shop.submit(page, f"{page}/cancel"))
    assert shop.submit(page, f"{page}/cancel", **{f"cancel-{line}": "3", "reason": "Too many"}).status_code == 303
    books.jobs.drain()
    assert "Too many" in text_of(desk.get(paper))
    assert purchase_order["number"] in text_of(desk.get("/supplier/purchase-orders?view=asked"))
    wanted = market.supplier.api.get("/api/supplier/change-requests").json["items"][0]
    at = f"{paper}/requests/{wanted['id']}"
    stop = f"stop-{purchase_order['lines'][0]['id']}"
    assert desk.submit(paper, at, **{stop: "2", "answer": "accept"}).status_code == 303
    books.jobs.drain()
    assert market.stock(market.lamp.variants[0])["reserved"] == 3
    assert "Partly accepted" in text_of(shop.get(page))
    give = f"give-up-{purchase_order['lines'][0]['id']}"
    lost = desk.submit(paper, f"{paper}/give-up", **{give: "1", "give-up-reason": "out_of_stock"})
    assert lost.status_code == 303
    books.jobs.drain()
    assert market.stock(market.lamp.variants[0]) == {"on_hand": 9, "reserved": 2}
    assert "can't deliver 1 ×" in text_of(shop.get(page))
    assert len(books.given_back(order)) == 2


def test_units_that_a_supplier_gives_up_answer_what_it_was_asked(market: Market, books: Books) -> None:
    order, purchase_order = accepted_lamps(market, books)
    (wanted,) = cancel(market, order, 4)["change_requests"]
    line = {"line_id": purchase_order["lines"][0]["id"], "quantity": 5, "reason": "discontinued"}
    answer = market.supplier.api.post(f"/api/supplier/orders/{purchase_order['id']}/give-up", {"lines": [line]})
    assert (answer.status_code, answer.json["status"]) == (200, "CANCELLED")
    books.jobs.drain()
    assert request_of(market.supplier, wanted)["state"] == "ACCEPTED"
    assert sum(books.given_back(order)) == sum(books.taken(order))


def test_a_cancelled_store_order_asks_the_supplier_that_has_accepted_it(storefront: Storefront) -> None:
    market, books, body = storefront.market, storefront.books, storefront.order()
    storefront.tell("orders/paid", body)
    (purchase_order,) = books.queue(market.supplier)
    books.answer(market.supplier, purchase_order, status="accepted")
    assert storefront.tell("orders/cancelled", body) == "partly cancelled"
    assert storefront.tell("orders/cancelled", body) == "partly cancelled"
    (wanted,) = market.supplier.api.get("/api/supplier/change-requests").json["items"]
    assert (wanted["origin"], wanted["lines"][0]["quantity"]) == ("store", 2)
    accept(market, wanted)
    books.jobs.drain()
    assert storefront.only_order()["status"] == "CANCELLED"
    assert sorted(books.given_back(storefront.only_order())) == [2600, 4500]


def test_a_store_that_asks_to_stop_is_answered_when_the_supplier_has(storefront: Storefront) -> None:
    market, books, body = storefront.market, storefront.books, storefront.order()
    storefront.tell("orders/paid", body)
    (purchase_order,) = books.queue(market.supplier)
    books.answer(market.supplier, purchase_order, status="accepted")
    ref = "gid://shopify/FulfillmentOrder/77"
    books.rows(
        f"update purchase_orders set external_fulfillment_order_id = '{ref}' where id = %s returning id",
        purchase_order["id"],
    )
    hook = {"fulfillment_order": {"id": ref}}
    topic = "fulfillment_orders/cancellation_request_submitted"
    assert storefront.tell(topic, hook) == "its supplier is asked"
    assert storefront.tell(topic, hook) == "its supplier is asked"
    (wanted,) = market.supplier.api.get("/api/supplier/change-requests").json["items"]
    assert clock.parse_iso(wanted["due_at"]) - clock.parse_iso(wanted["asked_at"]) < timedelta(hours=1)
    refuse(market, wanted, "shipped")
    books.jobs.drain()
    told = books.rows("select payload from outbox_events where topic = 'stores.cancellation_wanted'")
    assert [(one["payload"]["accept"], one["payload"]["fulfillment_order_ref"]) for one in told] == [(False, ref)]
