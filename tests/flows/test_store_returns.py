"""Returns that are asked for or opened in a Shopify shop: they become ours, and the shop is told what becomes of
them."""

from __future__ import annotations

from typing import Any

import pytest

from app import db
from app.returns.service import from_store
from app.stores.models import Store
from app.stores.money_back import ReturnedLine, ReturnInStore
from tests.adapters.stores.conftest import configured, simulator
from tests.flows.books import Books, Json
from tests.flows.refunding import SCOPES, Till, till
from tests.flows.test_return_pages import photo
from tests.flows.test_returns import act, checked
from tests.market import Market
from tests.web.browsing import text_of

__all__ = ["configured", "simulator", "till"]


@pytest.fixture
def sold(till: Till, books: Books) -> Json:
    """Two lamps and a chair, which left and arrived; the merchant lets us see to returns."""
    order = till.sells(lamps=2, chairs=1)
    till.fulfils(order)
    for party, units in ((till.market.supplier, 2), (till.market.other_supplier, 1)):
        (one, *_) = books.queue(party)
        books.arrived(party, books.ship(party, one, units))
    till.jobs.drain()
    return order


def asks(till: Till, order: Json, lamps: int = 1, **details: Any) -> Json:
    """A customer asks in the shop, and we hear of it."""
    made = till.control.open_return(
        till.shop,
        order["id"],
        {order["lines"][0]["id"]: lamps},
        **{"reason": "defective", "note": "It flickers", **details},
    )
    tell(till, made, "returns/request" if details.get("requested", True) else "returns/approve")
    return made


def tell(till: Till, made: Json, topic: str, **how: Any) -> str:
    """What the shop has to say of a return."""
    return till.tell(topic, {"id": made["id"], "admin_graphql_api_id": f"gid://shopify/Return/{made['id']}"}, **how)


def in_shop(till: Till, order: Json) -> list[str]:
    """How the shop's returns stand."""
    return [one["status"] for one in till.seen(order)["returns"]]


def requests_of(books: Books) -> list[Json]:
    """What customers asked for: state and who decided."""
    return books.rows("select id, state, decided_by from shopper_returns order by id")


def returns_of(till: Till) -> list[Json]:
    """Our returns, the oldest first."""
    return list(reversed(till.market.retailer.api.get("/api/returns").json["items"]))


def test_a_request_in_the_store_waits_for_the_shop_and_is_answered_there(
    till: Till, sold: Json, books: Books, market: Market
) -> None:
    made = asks(till, sold)
    tell(till, made, "returns/request")
    (request,) = requests_of(books)
    assert request["state"] == "WAITING"
    assert "shopper_return" in books.notices(market.retailer)
    browser = books.browser(market.retailer)
    page = text_of(browser.get(f"/app/returns/requests/{request['id']}"))
    assert "It flickers" in page
    assert (
        f"Return {made['name']} was asked for in the store: one unit."
        in browser.get(f"/app/orders/{till.only_order()['id']}").text
    )
    assert books.press(market.retailer, f"/app/returns/requests/{request['id']}/grant").status_code == 303
    till.jobs.drain()
    (row,) = returns_of(till)
    assert (row["state"], row["reason"], row["lines"][0]["quantity"]) == ("REQUESTED", "damaged", 1)
    assert in_shop(till, sold) == ["REQUESTED"], "its supplier has not answered yet"
    act(market.supplier, row, "approve")
    till.jobs.drain()
    assert in_shop(till, sold) == ["OPEN"]
    act(market.retailer, row, "ship", {"carrier": "DHL", "tracking_number": "00340434161094042557"})
    checked(market, row)
    act(market.supplier, row, "credit")
    till.jobs.drain()
    assert in_shop(till, sold) == ["CLOSED"]
    told = books.browser(market.retailer).get(f"/app/orders/{till.only_order()['id']}").text
    assert told.count(f"The store was told that return {made['name']} is approved.") == 1
    assert told.count(f"The store was told that return {made['name']} is settled.") == 1
    # What the shop says of it afterwards changes nothing.
    for topic in ("returns/approve", "returns/close", "returns/request"):
        tell(till, made, topic)
    assert len(requests_of(books)) == len(returns_of(till)) == 1


def test_who_refuses_here_declines_there_with_the_reason(till: Till, sold: Json, books: Books, market: Market) -> None:
    asks(till, sold)
    (request,) = requests_of(books)
    path = f"/app/returns/requests/{request['id']}/refuse"
    assert books.press(market.retailer, path, answer="It was a gift.").status_code == 303
    till.jobs.drain()
    (there,) = till.seen(sold)["returns"]
    assert (there["status"], there["decline"]) == ("DECLINED", ["OTHER", "It was a gift."])
    assert books.letters("customer_return") == [], "the store writes to its customer itself"


def test_a_supplier_that_declines_is_the_stores_answer_too(
    till: Till, sold: Json, books: Books, market: Market
) -> None:
    asks(till, sold)
    (request,) = requests_of(books)
    books.press(market.retailer, f"/app/returns/requests/{request['id']}/grant")
    till.jobs.drain()
    (row,) = returns_of(till)
    act(market.supplier, row, "decline", {"reason": "It was used."})
    till.jobs.drain()
    (there,) = till.seen(sold)["returns"]
    assert (there["status"], there["decline"]) == ("DECLINED", ["OTHER", ""]), "its words are for the retailer"


def test_a_return_that_the_merchant_opens_or_approves_goes_to_the_supplier_at_once(
    till: Till, sold: Json, books: Books, market: Market
) -> None:
    asks(till, sold, requested=False, reason="size-too-small")
    assert [(one["state"], one["decided_by"]) for one in requests_of(books)] == [("GRANTED", "store")]
    (row,) = returns_of(till)
    assert (row["state"], row["reason"]) == ("REQUESTED", "changed_mind")
    second = asks(till, sold)
    till.control.answer_return(till.shop, second["id"], accept=True)
    tell(till, second, "returns/approve")
    assert [one["state"] for one in returns_of(till)] == ["REQUESTED", "REQUESTED"]
    assert in_shop(till, sold) == ["OPEN", "OPEN"]


def test_a_return_that_the_merchant_calls_off_is_called_off_here(
    till: Till, sold: Json, books: Books, market: Market
) -> None:
    first = asks(till, sold)
    till.control.answer_return(till.shop, first["id"], accept=False)
    tell(till, first, "returns/decline")
    assert [one["state"] for one in requests_of(books)] == ["REFUSED"]
    second = asks(till, sold, requested=False)
    till.control.cancel_return(till.shop, second["id"])
    tell(till, second, "returns/cancel")
    assert [one["state"] for one in returns_of(till)] == ["CANCELLED"]
    assert in_shop(till, sold) == ["DECLINED", "CANCELED"]


def test_a_return_that_the_merchant_calls_off_with_its_label_is_called_off_here(
    till: Till, sold: Json, books: Books, market: Market
) -> None:
    made = asks(till, sold, requested=False)
    (row,) = returns_of(till)
    act(market.supplier, row, "approve")
    theirs = f"/supplier/returns/{row['id']}"
    assert books.browser(market.supplier).submit(theirs, f"{theirs}/label", file=photo("white")).status_code == 303
    assert [one["state"] for one in returns_of(till)] == ["LABEL_SENT"]
    till.control.cancel_return(till.shop, made["id"])
    tell(till, made, "returns/cancel")
    assert [one["state"] for one in returns_of(till)] == ["CANCELLED"]


def opened(till: Till, order: Json, *notes: str) -> None:
    """The merchant has opened a return of one lamp for each of these notes, and we have read it."""
    lamp = f"gid://shopify/LineItem/{order['lines'][0]['id']}"
    asked = ReturnInStore(
        external_id="gid://shopify/Return/77",
        external_order_id=f"gid://shopify/Order/{order['id']}",
        name="#1001-R1",
        state="open",
        lines=tuple(ReturnedLine(external_line_id=lamp, units=1, reason="damaged", note=note) for note in notes),
    )
    with db.system_scope(actor="test"), db.transaction() as session:
        from_store.take_from_store(session, session.get_one(Store, till.store_id), asked)


def test_many_lines_with_long_notes_are_a_return_all_the_same(till: Till, sold: Json) -> None:
    opened(till, sold, *(letter * 500 for letter in "abcde"))
    (row,) = returns_of(till)
    assert row["lines"][0]["quantity"] == 2, "no more than has arrived"


def test_units_that_were_added_in_the_store_come_back_too(till: Till, sold: Json, books: Books, market: Market) -> None:
    till.edits(sold, sold["lines"][0], 3)
    till.hears("orders/updated")
    till.jobs.drain()
    (more,) = [one for one in books.queue(market.supplier) if one["lines"][0]["quantity"] == 1]
    books.arrived(market.supplier, books.ship(market.supplier, more, 1))
    till.jobs.drain()
    opened(till, sold, "", "", "")
    assert sorted(row["lines"][0]["quantity"] for row in returns_of(till)) == [1, 2]


def test_what_can_not_come_back_is_left_to_the_merchant(till: Till, books: Books, market: Market) -> None:
    order = till.sells(lamps=2)
    till.fulfils(order)
    asks(till, order)
    assert requests_of(books) == []
    assert "no supplier takes" in books.notices(market.retailer)["return"]
    assert in_shop(till, order) == ["REQUESTED"]


def test_a_lost_answer_and_a_store_that_was_quicker_end_the_same(
    till: Till, sold: Json, books: Books, market: Market
) -> None:
    made = asks(till, sold)
    (request,) = requests_of(books)
    till.control.add_fault("drop_after_effect", {"operation": "returnApproveRequest", "shop": till.shop}, times=1)
    books.press(market.retailer, f"/app/returns/requests/{request['id']}/grant")
    till.jobs.drain()
    act(market.supplier, returns_of(till)[0], "approve")
    till.jobs.drain()
    assert in_shop(till, sold) == ["OPEN"]
    tell(till, made, "returns/approve")
    till.due("answer_store_return")
    assert [one["told"] for one in books.rows("select told from store_returns")] == ["approved"]
    assert in_shop(till, sold) == ["OPEN"]


def test_without_the_permission_nothing_is_taken_over_and_with_it_the_store_tells(till: Till, books: Books) -> None:
    order = till.sells(lamps=2)
    till.fulfils(order)
    till.grant("write_orders")
    asks(till, order)
    assert books.rows("select 1 from store_returns") == []
    assert "returns/request" not in {one["topic"] for one in till.control.shop(till.shop)["subscriptions"]}
    till.control.grant_scopes(till.shop, [*SCOPES, "write_orders", "write_returns"])
    till.tell("app/scopes_update", {"previous": [], "current": [*SCOPES, "write_orders", "write_returns"]})
    topics = {one["topic"] for one in till.control.shop(till.shop)["subscriptions"]}
    assert {"returns/request", "returns/approve", "returns/decline", "returns/cancel", "returns/close"} <= topics
    till.tell("app/scopes_update", {"previous": [], "current": [*SCOPES, "write_orders", "write_returns"]})
    assert not [one for one in till.jobs.open_tasks() if one[0] == "hear_store_returns"]
