"""A supplier's own system is asked, by signed messages, to stop what it has accepted or to send elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.flows.books import Books, Json
from tests.flows.test_addresses import ELSEWHERE
from tests.flows.test_supplier_channels import House, house
from tests.market import Market
from tests.web.browsing import text_of

__all__ = ["house"]


def accepted(house: House, books: Books, units: int = 5) -> tuple[Json, Json]:
    """An order of lamps that its supplier's system has and has accepted, and its purchase order."""
    books.browser(house.market.supplier)
    house.choose()
    order = books.paid_order((house.market.lamp.variants[0], units))
    (purchase_order,) = books.queue(house.market.supplier)
    books.answer(house.market.supplier, purchase_order, status="accepted")
    return order, purchase_order


def asks(market: Market, order: Json, units: int) -> str:
    """The retailer asks to stop units. Returns the request's id."""
    lines = [{"line_id": order["lines"][0]["id"], "quantity": units}]
    answer = market.retailer.api.post(f"/api/orders/{order['id']}/cancel", {"lines": lines, "reason": "Ordered twice"})
    (request,) = answer.json["change_requests"]
    return str(request["id"])


def state(market: Market, request_id: str) -> str:
    return str(market.retailer.api.get(f"/api/change-requests/{request_id}").json["state"])


def messages(books: Books) -> list[tuple[str, str]]:
    """What the supplier's system was told, oldest first: purpose and state."""
    return [(row["purpose"], row["state"]) for row in books.rows("select * from change_messages order by created_at")]


def line(books: Books) -> tuple[int, int]:
    """Units of the purchase order's line that are cancelled, and how many of them count as rejected."""
    row = books.row("select cancelled, rejected from purchase_order_lines")
    return row["cancelled"], row["rejected"]


def test_a_system_is_asked_to_stop_units_and_answers_by_our_api(house: House, books: Books) -> None:
    order, purchase_order = accepted(house, books)
    request_id = asks(house.market, order, 2)
    house.jobs.drain()
    change = house.world.changes[request_id]
    (asked,) = change.asked
    assert (asked["number"], asked["note"]) == (purchase_order["number"], "Ordered twice")
    assert [(one["id"], one["quantity"]) for one in asked["lines"]] == [(purchase_order["lines"][0]["id"], 2)]
    assert messages(books) == [("ask", "SENT")]
    assert books.letters("change_request") == [], "its people are not written to as long as their system is asked"
    assert state(house.market, request_id) == "OPEN"
    page = text_of(books.browser(house.market.supplier).get(f"/supplier/purchase-orders/{purchase_order['id']}"))
    assert "Stop units Asked" in page
    house.market.supplier.api.post(f"/api/supplier/change-requests/{request_id}/accept", {})
    house.jobs.drain()
    assert line(books) == (2, 0)
    assert house.world.orders[purchase_order["number"]].stopped is False
    assert not house.world.refused
    assert len(books.given_back(order)) == 1


@pytest.mark.parametrize(
    ("reply", "ends", "cancelled"),
    [
        ({"accepted": True}, "ACCEPTED", 4),
        ({"accepted": False, "reason": "made_to_order", "message": "Cut to size, " * 50}, "REFUSED", 0),
        ({"accepted": True, "lines": "all"}, "ACCEPTED", 4),
        ({"lines": []}, "OPEN", 0),
        ({"accepted": "perhaps"}, "OPEN", 0),
    ],
)
def test_what_a_system_says_at_once_is_its_answer(
    house: House, books: Books, reply: Mapping[str, Any], ends: str, cancelled: int
) -> None:
    order, _ = accepted(house, books)
    house.world.answers_changes = dict(reply)
    request_id = asks(house.market, order, 4)
    house.jobs.drain()
    assert (state(house.market, request_id), line(books)) == (ends, (cancelled, 0))
    if ends == "REFUSED":
        answered = house.market.retailer.api.get(f"/api/change-requests/{request_id}").json
        said = answered["answer"]
        assert answered["refusal"] == "made_to_order"
        assert said.startswith("Cut to size, Cut")
        assert len(said) <= 500 and said.endswith("…"), "it is seen that more was said"
    assert not [one for one in books.letters("change_request") if "no answer came" in one]


def test_a_part_that_a_system_stops_is_a_part(house: House, books: Books) -> None:
    order, purchase_order = accepted(house, books)
    told = [{"id": purchase_order["lines"][0]["id"], "quantity": 1}]
    house.world.answers_changes = {"accepted": True, "lines": told}
    request_id = asks(house.market, order, 4)
    house.jobs.drain()
    assert (state(house.market, request_id), line(books)) == ("PARTLY", (1, 0))


def test_what_is_being_packed_is_refused_at_once(house: House, books: Books) -> None:
    order, purchase_order = accepted(house, books)
    house.world.packing.add(purchase_order["number"])
    request_id = asks(house.market, order, 4)
    house.jobs.drain()
    assert (state(house.market, request_id), line(books)) == ("REFUSED", (0, 0))


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "error_before", "error_after", "busy", "unauthorized"])
def test_a_request_whose_outcome_is_unknown_is_asked_once_and_not_lost(house: House, books: Books, fault: str) -> None:
    order, _ = accepted(house, books)
    house.world.fail_next(fault)
    request_id = asks(house.market, order, 2)
    house.jobs.drain()
    assert messages(books) == [("ask", "OUTCOME_UNKNOWN" if "before" in fault or "after" in fault else "QUEUED")]
    assert [one[:6] for one in books.letters("change_request")] == ["Please"], "people are asked, too"
    house.jobs.drain(retries=True)
    assert len(house.world.changes[request_id].asked) == 1
    assert house.world.changes[request_id].again == ("after" in fault)
    assert messages(books) == [("ask", "SENT")]
    assert not house.world.refused
    assert len(books.letters("change_request")) == 1


def test_a_system_that_does_not_know_the_message_leaves_it_to_people(house: House, books: Books) -> None:
    order, purchase_order = accepted(house, books)
    house.world.knows_changes = False
    request_id = asks(house.market, order, 2)
    house.jobs.drain()
    assert (messages(books), state(house.market, request_id)) == ([("ask", "REJECTED")], "OPEN")
    assert books.letters("change_request") == [f"Please stop 2 units of {purchase_order['number']}"]
    page = text_of(books.browser(house.market.supplier).get(f"/supplier/purchase-orders/{purchase_order['id']}"))
    assert "Not taken: people are asked" in page and "Nobody here knows" in page
    story = text_of(books.browser(house.market.retailer).get(f"/app/orders/{order['id']}"))
    assert "does not take the request. Its people are asked." in story


def test_a_supplier_without_a_system_is_written_to_as_before(market: Market, books: Books) -> None:
    books.browser(market.supplier)
    order = books.paid_order((market.lamp.variants[0], 5))
    (purchase_order,) = books.queue(market.supplier)
    books.answer(market.supplier, purchase_order, status="accepted")
    asks(market, order, 2)
    books.jobs.drain()
    assert messages(books) == []
    assert books.letters("change_request") == [f"Please stop 2 units of {purchase_order['number']}"]


def test_more_that_is_asked_for_is_another_message_and_each_is_answered(house: House, books: Books) -> None:
    order, _ = accepted(house, books)
    request_id = asks(house.market, order, 2)
    house.jobs.drain()
    assert asks(house.market, order, 1) == request_id
    house.jobs.drain()
    assert [one["lines"][0]["quantity"] for one in house.world.changes[request_id].asked] == [2, 3]
    assert messages(books) == [("ask", "SENT"), ("ask", "SENT")]
    house.market.supplier.api.post(f"/api/supplier/change-requests/{request_id}/accept", {})
    house.jobs.drain()
    assert line(books) == (3, 0)


def test_a_request_that_is_withdrawn_is_told_and_one_that_was_not_sent_is_not(house: House, books: Books) -> None:
    order, _ = accepted(house, books)
    first = asks(house.market, order, 2)
    house.jobs.drain()
    house.market.retailer.api.post(f"/api/change-requests/{first}/withdraw", {})
    house.jobs.drain()
    assert house.world.changes[first].withdrawn
    assert messages(books) == [("ask", "SENT"), ("withdraw", "SENT")]
    second = asks(house.market, order, 2)
    house.market.retailer.api.post(f"/api/change-requests/{second}/withdraw", {})
    house.jobs.drain()
    assert second not in house.world.changes
    assert len(messages(books)) == 2


def test_what_a_person_of_the_supplier_answers_meanwhile_is_not_asked_for_again(house: House, books: Books) -> None:
    order, _ = accepted(house, books)
    house.world.answers_changes = {"accepted": True}
    house.world.fail_next("drop_after")
    request_id = asks(house.market, order, 2)
    house.jobs.drain()
    house.market.supplier.api.post(f"/api/supplier/change-requests/{request_id}/refuse", {"reason": "packed"})
    house.jobs.drain(retries=True)
    assert (state(house.market, request_id), line(books)) == ("REFUSED", (0, 0))
    assert messages(books) == [("ask", "OUTCOME_UNKNOWN")]


def test_what_a_system_stops_while_the_request_is_withdrawn_is_stopped(house: House, books: Books) -> None:
    order, purchase_order = accepted(house, books)
    house.world.answers_changes = {"accepted": True}
    request_id = asks(house.market, order, 2)
    api = house.market.retailer.api
    house.world.meanwhile = lambda: api.post(f"/api/change-requests/{request_id}/withdraw", {})
    house.jobs.drain()
    assert (state(house.market, request_id), line(books)) == ("WITHDRAWN", (2, 0))
    assert len(books.given_back(order)) == 1
    assert house.market.stock(house.market.lamp.variants[0])["reserved"] == 3
    story = text_of(books.browser(house.market.supplier).get(f"/supplier/purchase-orders/{purchase_order['id']}"))
    assert "had stopped 2 ×" in story


def test_what_a_system_had_stopped_is_stopped_although_its_answer_was_lost_and_the_request_withdrawn(
    house: House, books: Books
) -> None:
    order, _ = accepted(house, books)
    house.world.answers_changes = {"accepted": True}
    house.world.fail_next("drop_after")
    request_id = asks(house.market, order, 2)
    house.jobs.drain()
    assert messages(books) == [("ask", "OUTCOME_UNKNOWN")]
    house.market.retailer.api.post(f"/api/change-requests/{request_id}/withdraw", {})
    house.jobs.drain(retries=True)
    assert (state(house.market, request_id), line(books)) == ("WITHDRAWN", (2, 0))
    assert len(house.world.changes[request_id].asked) == 1
    assert len(books.given_back(order)) == 1


def test_a_parcel_told_while_the_system_is_asked_leaves_every_unit_in_one_place(house: House, books: Books) -> None:
    order, purchase_order = accepted(house, books)
    house.world.answers_changes = {"accepted": True}
    request_id = asks(house.market, order, 5)
    house.world.meanwhile = lambda: books.ship(house.market.supplier, purchase_order, 2)
    house.jobs.drain()
    row = books.row("select quantity, shipped, cancelled from purchase_order_lines")
    assert (row["shipped"], row["cancelled"]) == (2, 3)
    assert state(house.market, request_id) == "PARTLY"
    assert house.market.stock(house.market.lamp.variants[0]) == {"on_hand": 8, "reserved": 0}


def test_what_a_system_says_it_stopped_and_has_sent_meanwhile_counts_as_sent(house: House, books: Books) -> None:
    lamp = house.market.lamp
    books.browser(house.market.supplier)
    house.choose()
    order = books.paid_order((lamp.variants[0], 2), (lamp.variants[1], 1))
    (purchase_order,) = books.queue(house.market.supplier)
    for one in purchase_order["lines"]:
        books.answer(house.market.supplier, purchase_order | {"lines": [one]}, status="accepted")
    wanted = [{"line_id": one["id"], "quantity": one["quantity"]} for one in order["lines"]]
    asked = house.market.retailer.api.post(f"/api/orders/{order['id']}/cancel", {"lines": wanted})
    (request,) = asked.json["change_requests"]
    first, second = sorted(purchase_order["lines"], key=lambda one: -one["quantity"])
    lines = [{"id": first["id"], "quantity": 2}, {"id": second["id"], "quantity": 0}]
    house.world.answers_changes = {"accepted": True, "lines": lines}
    house.world.meanwhile = lambda: books.ship(house.market.supplier, purchase_order | {"lines": [first]}, 2)
    house.jobs.drain()
    rows = books.rows("select shipped, cancelled from purchase_order_lines order by id")
    assert sorted((row["shipped"], row["cancelled"]) for row in rows) == [(0, 0), (2, 0)]
    assert state(house.market, request["id"]) == "REFUSED"
    assert messages(books) == [("ask", "DELIVERED")]


def test_a_parcel_that_leaves_first_wins_over_the_request(house: House, books: Books) -> None:
    order, purchase_order = accepted(house, books)
    request_id = asks(house.market, order, 5)
    books.ship(house.market.supplier, purchase_order, 5)
    house.jobs.drain()
    assert state(house.market, request_id) == "REFUSED"
    assert request_id not in house.world.changes, "what has left is not asked for"
    assert line(books) == (0, 0)


def test_another_address_is_asked_for_and_answered(house: House, books: Books) -> None:
    order, _ = accepted(house, books)
    answer = house.market.retailer.api.put(f"/api/orders/{order['id']}/address", ELSEWHERE)
    (request,) = answer.json["change_requests"]
    before = house.market.count("audit_events where action = 'orders.address_read'")
    house.jobs.drain()
    (asked,) = house.world.changes[request["id"]].asked
    assert asked["shipping_address"]["city"] == "Leeds"
    assert books.rows("select id from change_messages where detail::text like '%%Leeds%%'") == []
    assert house.market.count("audit_events where action = 'orders.address_read'") == before + 1
    house.market.supplier.api.post(f"/api/supplier/change-requests/{request['id']}/accept", {})
    house.jobs.drain()
    (now,) = books.queue(house.market.supplier)
    assert now["shipping_address"]["address1"] == "7 Grange Road"
    assert len(house.world.changes[request["id"]].asked) == 1
    assert not house.world.refused


def test_a_system_that_has_not_accepted_an_order_is_told_its_new_address(house: House, books: Books) -> None:
    house.choose()
    order = books.paid_order((house.market.lamp.variants[0], 2))
    (purchase_order,) = books.queue(house.market.supplier)
    house.world.fail_next("drop_after")
    done = house.market.retailer.api.put(f"/api/orders/{order['id']}/address", ELSEWHERE).json
    assert (done["applied"], done["change_requests"]) == (True, [])
    house.jobs.drain()
    house.jobs.drain(retries=True)
    there = house.world.orders[purchase_order["number"]]
    assert there.body["shipping_address"]["city"] == "Leeds"
    assert "po.readdressed" in house.story(purchase_order["number"])
    assert not house.world.refused
    house.world.packing.add(purchase_order["number"])
    moved = {**ELSEWHERE, "city": "Bradford"}
    house.market.retailer.api.put(f"/api/orders/{order['id']}/address", moved)
    house.jobs.drain()
    assert "po.not_readdressed" in house.story(purchase_order["number"])
    assert books.notices(house.market.retailer)["address_changed"] == (
        f"{purchase_order['number']} may go to the old address"
    )


def test_an_address_that_changed_before_the_order_was_sent_goes_with_it(house: House, books: Books) -> None:
    house.choose()
    house.world.fail_next("busy")
    order = books.paid_order((house.market.lamp.variants[0], 2))
    house.market.retailer.api.put(f"/api/orders/{order['id']}/address", ELSEWHERE)
    house.jobs.drain()
    house.wait()
    (there,) = house.world.orders.values()
    assert there.body["shipping_address"]["city"] == "Leeds"
    assert "po.readdressed" not in house.story(there.number)
