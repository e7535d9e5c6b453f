"""Another address for an order: applied, asked for, or refused, as far as its suppliers have come."""

from __future__ import annotations

import threading

from tests.flows.books import Books, Json
from tests.flows.storefront import ADDRESS, Storefront
from tests.flows.test_store_orders import ships_to
from tests.market import Market
from tests.web.browsing import text_of

ELSEWHERE: Json = {
    "name": "Ada Lovelace",
    "address1": "7 Grange Road",
    "city": "Leeds",
    "postal_code": "LS1 4AP",
    "country_code": "GB",
}
LATER = "2026-11-01T11:00:00-04:00"


def move(market: Market, order: Json, **changes: str) -> Json:
    answer = market.retailer.api.put(f"/api/orders/{order['id']}/address", {**ELSEWHERE, **changes})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def goes_to(market: Market, books: Books) -> str:
    """Where the lamps' supplier is to send them."""
    return str(books.queue(market.supplier)[0]["shipping_address"]["address1"])


def test_before_its_supplier_answers_an_order_goes_to_the_new_address_and_the_supplier_is_told(
    market: Market, books: Books
) -> None:
    books.browser(market.supplier)
    order = books.paid_order((market.lamp.variants[0], 2))
    done = move(market, order)
    assert (done["applied"], done["change_requests"]) == (True, [])
    books.jobs.drain()
    assert goes_to(market, books) == "7 Grange Road"
    assert any("goes to another address" in one for one in books.letters("address_changed"))
    story = text_of(books.browser(market.retailer).get(f"/app/orders/{order['id']}"))
    assert "The delivery address was changed." in story
    assert "Grange" not in story, "what it is now, nobody reads in the story"


def test_a_supplier_that_has_accepted_is_asked_and_sees_the_new_address(market: Market, books: Books) -> None:
    desk = books.browser(market.supplier)
    order = books.paid_order((market.lamp.variants[0], 2))
    (purchase_order,) = books.queue(market.supplier)
    books.answer(market.supplier, purchase_order, status="accepted")
    (wanted,) = move(market, order)["change_requests"]
    assert (wanted["kind"], wanted["state"]) == ("address", "OPEN")
    books.jobs.drain()
    assert goes_to(market, books) == ADDRESS["address1"]
    paper = f"/supplier/purchase-orders/{purchase_order['id']}"
    assert "7 Grange Road" in text_of(desk.get(paper))
    seen = market.supplier.api.get(f"/api/supplier/change-requests/{wanted['id']}").json
    assert seen["shipping_address"]["city"] == "Leeds"
    blind = market.key(market.supplier, "read:purchase_orders")
    assert blind.get(f"/api/supplier/change-requests/{wanted['id']}").json.get("shipping_address") is None
    assert desk.submit(paper, f"{paper}/requests/{wanted['id']}", answer="accept").status_code == 303
    books.jobs.drain()
    assert goes_to(market, books) == "7 Grange Road"
    shop = books.browser(market.retailer)
    assert "7 Grange Road" in text_of(shop.get(f"/app/orders/{order['id']}?address=1"))
    assert books.rows("select id from change_requests where ship_to is not null") == []
    assert books.rows("select payload::text from outbox_events where payload::text like '%%Grange%%'") == []


def test_a_parcel_that_leaves_first_refuses_it_and_then_there_is_advice(market: Market, books: Books) -> None:
    order = books.paid_order((market.lamp.variants[0], 2))
    (purchase_order,) = books.queue(market.supplier)
    books.answer(market.supplier, purchase_order, status="accepted")
    (wanted,) = move(market, order)["change_requests"]
    books.ship(market.supplier, purchase_order, 2)
    books.jobs.drain()
    now = market.retailer.api.get(f"/api/change-requests/{wanted['id']}").json
    assert (now["state"], now["refusal"]) == ("REFUSED", "shipped_first")
    late = market.retailer.api.put(f"/api/orders/{order['id']}/address", ELSEWHERE)
    assert (late.status_code, late.json["code"]) == (409, "already_shipped")
    assert "start a return" in late.json["detail"]


def test_silence_leaves_the_address_as_it_was(market: Market, books: Books) -> None:
    order = books.paid_order((market.lamp.variants[0], 2))
    (purchase_order,) = books.queue(market.supplier)
    books.answer(market.supplier, purchase_order, status="accepted")
    (wanted,) = move(market, order)["change_requests"]
    books.later("watch_change_requests", hours=25)
    now = market.retailer.api.get(f"/api/change-requests/{wanted['id']}").json
    assert (now["state"], now["refusal"]) == ("REFUSED", "no_answer")
    assert goes_to(market, books) == ADDRESS["address1"]


def test_another_country_must_be_served_for_what_was_paid_and_an_address_must_be_one(storefront: Storefront) -> None:
    market = storefront.market
    storefront.tell("orders/paid", storefront.order(storefront.line(market.lamp.variants[0], 2)))
    order = storefront.only_order()
    path = f"/api/orders/{order['id']}/address"
    abroad = {**ELSEWHERE, "postal_code": "10115", "city": "Berlin", "country_code": "DE"}
    ships_to(storefront, market.supplier, "GB")
    refused = market.retailer.api.put(path, abroad)
    assert (refused.status_code, refused.json["code"]) == (409, "not_shipped_there")
    wrong = market.retailer.api.put(path, {**ELSEWHERE, "postal_code": "10115"})
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "shipping_address.postal_code")
    assert market.other_retailer.api.put(path, ELSEWHERE).status_code == 404
    ships_to(storefront, market.supplier, "GB", "DE")
    assert market.retailer.api.put(path, abroad).json["applied"] is True
    assert storefront.books.queue(market.supplier)[0]["ship_to_country"] == "DE"


def test_another_address_in_the_store_is_followed_once_and_one_that_can_not_be_is_told(storefront: Storefront) -> None:
    market, books, body = storefront.market, storefront.books, storefront.order()
    storefront.tell("orders/paid", body)
    moved = body | {"shipping_address": ADDRESS | {"address1": "7 Grange Road"}, "updated_at": LATER}
    assert "another address" in storefront.tell("orders/updated", moved)
    assert storefront.tell("orders/updated", moved).endswith("known")
    assert goes_to(market, books) == "7 Grange Road"
    assert storefront.tell("orders/updated", body).endswith("known"), "an older word brings nothing back"
    assert goes_to(market, books) == "7 Grange Road"
    nowhere = moved | {"shipping_address": ADDRESS | {"zip": "1"}, "updated_at": "2026-11-01T12:00:00-04:00"}
    assert storefront.tell("orders/updated", nowhere).endswith("another address is refused")
    assert "address_changed" in books.notices(market.retailer)
    assert books.browser(market.retailer).submit("/app/", "/dismiss").status_code == 303
    assert "address_changed" not in books.notices(market.retailer), "nothing else would ever take it away"
    assert goes_to(market, books) == "7 Grange Road"


def test_accepting_and_moving_at_once_ends_in_one_of_both(market: Market, books: Books) -> None:
    order = books.paid_order((market.lamp.variants[0], 2))
    (purchase_order,) = books.queue(market.supplier)
    start = threading.Barrier(2)

    def say() -> None:
        start.wait(30)
        line = {"line_id": purchase_order["lines"][0]["id"], "status": "accepted"}
        market.supplier.api.post(f"/api/supplier/orders/{purchase_order['id']}/acknowledge", {"lines": [line]})

    thread = threading.Thread(target=say)
    thread.start()
    start.wait(30)
    done = move(market, order)
    thread.join(60)
    assert done["applied"] is not bool(done["change_requests"])
    assert (goes_to(market, books) == "7 Grange Road") is done["applied"]
