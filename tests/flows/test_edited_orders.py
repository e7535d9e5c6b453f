"""Orders that are edited or refunded in their store: each change is followed once, whatever the order of its hooks."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import orjson
import psycopg2
import pytest

from app import db
from app.kit import clock
from app.listings.models import ListingVariant
from app.listings.service import link_source
from app.suppliers.models import Supplier
from tests import factories
from tests.adapters.stores.conftest import configured, simulator
from tests.flows.deciding import RULES
from tests.flows.refunding import Till, till
from tests.flows.storefront import Json, Storefront
from tests.processes import wait_for_lock
from tests.web.browsing import text_of

__all__ = ["configured", "simulator", "till"]


def edited(body: Json, *quantities: int, minute: int, more: list[Json] | None = None, **changes: Any) -> Json:
    """The order as the store has it after an edit."""
    lines = [
        line | {"current_quantity": quantity} for line, quantity in zip(body["line_items"], quantities, strict=True)
    ]
    at = f"2026-11-01T11:{minute:02}:00-04:00"
    return body | {"line_items": lines + (more or []), "updated_at": at} | changes


def ref(order: Json) -> str:
    """What the shop calls an order of the simulator's in hooks and reads."""
    return f"gid://shopify/Order/{order['id']}"


def test_fewer_units_in_the_store_are_cancelled_once(storefront: Storefront) -> None:
    body = storefront.order()
    storefront.tell("orders/paid", body)
    fewer = edited(body, 1, 0, minute=1)
    assert storefront.tell("orders/updated", fewer).endswith("changed: 2 cancelled")
    assert storefront.tell("orders/updated", fewer).endswith("known")
    assert storefront.tell("orders/updated", body).endswith("known"), "an older word brings nothing back"
    assert storefront.reserved() == (1, 0)
    order = storefront.only_order()
    assert {one["status"] for one in order["purchase_orders"]} == {"PENDING", "CANCELLED"}
    assert len(storefront.books.given_back(order)) == 2


@pytest.mark.parametrize("arrival", list(itertools.permutations(range(3))))
def test_whatever_the_order_of_the_hooks_the_newest_word_holds(
    storefront: Storefront, arrival: tuple[int, ...]
) -> None:
    lamp = storefront.market.lamp.variants[0]
    body = storefront.order(storefront.line(lamp, 5))
    words = [body, edited(body, 4, minute=1), edited(body, 2, minute=2)]
    for which in arrival:
        storefront.tell("orders/updated", words[which])
    assert storefront.reserved()[0] == 2
    assert len(storefront.orders()) == 1


def test_two_hooks_of_one_edit_at_once_change_once(storefront: Storefront) -> None:
    body = storefront.order(storefront.line(storefront.market.lamp.variants[0], 5))
    storefront.tell("orders/paid", body)
    fewer, start = edited(body, 3, minute=1), threading.Barrier(3)

    def deliver(name: str) -> None:
        start.wait(30)
        assert storefront.send("orders/updated", fewer, message_id=name).status_code == 200

    threads = [threading.Thread(target=deliver, args=(f"edit-{one}",)) for one in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    storefront.jobs.drain()
    assert storefront.reserved()[0] == 3
    assert storefront.market.count("refunds") == 1


def test_what_its_retailer_cancelled_here_and_refunds_there_goes_once(storefront: Storefront) -> None:
    body = storefront.order(storefront.line(storefront.market.lamp.variants[0], 5))
    storefront.tell("orders/paid", body)
    order = storefront.only_order()
    line = {"line_id": order["lines"][0]["id"], "quantity": 2}
    storefront.market.retailer.api.post(f"/api/orders/{order['id']}/cancel", {"lines": [line]})
    assert storefront.tell("orders/updated", edited(body, 3, minute=1)).endswith("known")
    assert storefront.reserved()[0] == 3


def test_an_accepted_line_that_the_store_lowers_is_asked_for_once(storefront: Storefront) -> None:
    market, books = storefront.market, storefront.books
    body = storefront.order(storefront.line(market.lamp.variants[0], 5))
    storefront.tell("orders/paid", body)
    (purchase_order,) = books.queue(market.supplier)
    books.answer(market.supplier, purchase_order, status="accepted")
    fewer = edited(body, 3, minute=1)
    assert storefront.tell("orders/updated", fewer).endswith("changed: 2 asked for")
    (wanted,) = market.supplier.api.get("/api/supplier/change-requests").json["items"]
    market.supplier.api.post(f"/api/supplier/change-requests/{wanted['id']}/refuse", {"reason": "packed"})
    again = fewer | {"updated_at": "2026-11-01T13:00:00-04:00"}
    assert storefront.tell("orders/updated", again).endswith("known"), "what was refused is not asked again"
    assert len(market.supplier.api.get("/api/supplier/change-requests").json["items"]) == 1


def test_units_that_the_store_adds_are_an_order_of_their_own_and_paid_for(storefront: Storefront) -> None:
    market, books = storefront.market, storefront.books
    body = storefront.order(storefront.line(market.lamp.variants[0], 2))
    storefront.tell("orders/paid", body)
    chair = storefront.line(market.chair.variants[0], 1)
    unpaid = edited(body, 3, minute=1, more=[chair], financial_status="partially_paid")
    assert storefront.tell("orders/updated", unpaid).endswith("added")
    assert [hold["reason"] for hold in storefront.orders()[1]["holds"]] == ["unpaid"], "what is not paid is not sent"
    assert books.taken(storefront.orders()[1]) == []
    paid = unpaid | {"financial_status": "paid", "updated_at": "2026-11-01T12:00:00-04:00"}
    assert storefront.tell("orders/updated", paid).endswith("changed: paid")
    assert storefront.tell("orders/updated", paid).endswith("known")
    first, second = storefront.orders()
    assert [(line["variant_id"], line["quantity"]) for line in second["lines"]] == [
        (str(market.lamp.variants[0]), 1),
        (str(market.chair.variants[0]), 1),
    ]
    assert storefront.reserved() == (3, 1)
    assert len(books.taken(first)) == len(books.taken(second)) == 1
    assert second["external_id"].startswith(first["external_id"])
    less = edited(paid, 1, 1, minute=30, updated_at="2026-11-01T13:00:00-04:00")
    assert "2 cancelled" in storefront.tell("orders/updated", less)
    assert storefront.reserved() == (1, 1)
    assert storefront.tell("orders/cancelled", less | {"cancelled_at": "2026-11-01T14:00:00-04:00"}) == "cancelled"
    assert {one["status"] for one in storefront.orders()} == {"CANCELLED"}
    assert storefront.reserved() == (0, 0)


def test_an_order_on_hold_follows_too_and_goes_on_when_it_can(storefront: Storefront) -> None:
    lamp = storefront.market.lamp.variants[0]
    body = storefront.order(storefront.line(lamp, 12))
    storefront.tell("orders/paid", body)
    assert storefront.holds() == ["out_of_stock"]
    assert storefront.tell("orders/updated", edited(body, 4, minute=1)).endswith("8 cancelled")
    assert storefront.holds() == []
    assert storefront.reserved()[0] == 4


def test_a_full_refund_cancels_and_one_of_what_has_left_is_told(storefront: Storefront) -> None:
    market, books = storefront.market, storefront.books
    body = storefront.order(storefront.line(market.lamp.variants[0], 2))
    storefront.tell("orders/paid", body)
    refund = {
        "id": 77,
        "order_id": body["id"],
        "refund_line_items": [{"line_item_id": body["line_items"][0]["id"], "quantity": 2, "restock_type": "cancel"}],
    }
    assert storefront.tell("refunds/create", refund) == "nothing of it had left"
    gone = edited(body, 0, minute=1, financial_status="refunded")
    assert storefront.tell("orders/updated", gone).endswith("2 cancelled")
    assert storefront.only_order()["status"] == "CANCELLED"
    other = storefront.order(storefront.line(market.lamp.variants[0], 2))
    storefront.tell("orders/paid", other)
    (purchase_order,) = [one for one in books.queue(market.supplier) if one["status"] == "PENDING"]
    books.ship(market.supplier, purchase_order, 2)
    line = {"line_item_id": other["line_items"][0]["id"], "quantity": 2, "restock_type": "return"}
    late = {"id": 78, "order_id": other["id"], "refund_line_items": [line]}
    assert storefront.tell("refunds/create", late) == "2 units had left"
    assert "refunded_in_store" in books.notices(market.retailer)


def test_more_units_told_in_the_very_second_of_another_word_come_when_the_order_is_read(till: Till) -> None:
    """Which of two such words is the newer one only the store knows."""
    order = till.sells(lamps=2)
    till.edits(order, order["lines"][0], 3)
    told = [orjson.loads(one["body"]) for one in till.control.deliveries(till.shop, "orders/updated")]
    edit = next(one for one in told if one["line_items"][0]["current_quantity"] == 3)
    till.tell("orders/updated", edit | {"line_items": [edit["line_items"][0] | {"current_quantity": 2}]})
    till.hears()
    assert till.reserved()[0] == 2
    for _ in range(2):
        with clock.shifted(timedelta(minutes=2)):
            till.jobs.run_scheduled("catch_up_orders")
        assert till.reserved()[0] == 3


def test_an_order_that_somebody_is_at_keeps_no_other_from_being_caught_up(till: Till, database_url: str) -> None:
    first = till.sells(lamps=2)
    till.edits(first, first["lines"][0], 1)
    made = till.control.create_order(till.shop, [{"sku": "CHAIR", "quantity": 1}])
    till.control.wait_until_routed(till.shop, made["id"])
    with closing(psycopg2.connect(database_url)) as other, other.cursor() as cursor:
        cursor.execute("select 1 from orders where store_id = %s for update", (str(till.store_id),))
        till.jobs.run_scheduled("catch_up_orders")
        assert till.reserved() == (2, 1), "the new one is there"
    with clock.shifted(timedelta(minutes=2)):
        till.due("catch_up_orders")
    assert till.reserved() == (1, 1)


def test_orders_of_an_outage_of_days_are_made_up_for(till: Till) -> None:
    till.jobs.run_scheduled("catch_up_orders")
    made = till.control.create_order(till.shop, [{"sku": "LAMP", "quantity": 2}])
    till.control.wait_until_routed(till.shop, made["id"])
    with clock.shifted(timedelta(days=3)):
        till.jobs.run_scheduled("catch_up_orders")
        assert till.reserved()[0] == 2


def test_a_cancellation_whose_hook_got_lost_is_made_up_for_once(till: Till) -> None:
    """By any later word of the order, and by reading it: it is refunded then, or voided where it was not paid."""
    market, books = till.market, till.books
    told, read = till.sells(lamps=2), till.sells(lamps=1)
    for order in (told, read):
        (received,) = [one for one in books.queue(market.supplier) if one["order_reference"] == order["name"]]
        books.answer(market.supplier, received, status="accepted")
        till.control.advance_clock(2)
        till.control.cancel_order(till.shop, order["id"])
    by_ref = {one["external_id"]: one["id"] for one in till.orders()}
    assert till.reserved()[0] == 3, "nobody has told us"

    def cancelled_words() -> list[bytes]:
        sent = [one["body"].encode() for one in till.control.deliveries(till.shop, "orders/updated")]
        return [one for one in sent if (body := orjson.loads(one))["id"] == told["id"] and body["cancelled_at"]]

    till.control.wait_for(lambda: bool(cancelled_words()), "the shop tells of the order")
    for _ in range(2):
        outcome = till.tell("orders/updated", cancelled_words()[0])
    assert outcome.endswith("known")
    asked = market.supplier.api.get("/api/supplier/change-requests").json["items"]
    assert [(one["origin"], one["lines"][0]["quantity"]) for one in asked] == [("store", 2)]
    for _ in range(2):
        till.jobs.run_scheduled("catch_up_orders")
    asked = market.supplier.api.get("/api/supplier/change-requests").json["items"]
    assert sorted(one["lines"][0]["quantity"] for one in asked) == [1, 2]
    for one in asked:
        answer = {"reason": "packed"} if one["lines"][0]["quantity"] == 2 else {}
        how = "refuse" if answer else "accept"
        path = f"/api/supplier/change-requests/{one['id']}/{how}"
        assert market.supplier.api.post(path, answer).status_code == 200
    till.jobs.drain()
    till.jobs.run_scheduled("catch_up_orders")
    assert len(market.supplier.api.get("/api/supplier/change-requests").json["items"]) == 2, "refused is refused"
    assert books.order({"id": by_ref[ref(read)]})["status"] == "CANCELLED"
    page = text_of(books.browser(market.retailer).get(f"/app/orders/{by_ref[ref(told)]}"))
    assert page.count("The order was cancelled in the store.") == 1


def test_an_older_word_adds_nothing_to_an_order_that_its_store_cancelled(storefront: Storefront) -> None:
    """Also where a part of it has left."""
    market, books = storefront.market, storefront.books
    body = storefront.order(storefront.line(market.lamp.variants[0], 3))
    storefront.tell("orders/paid", body)
    (received,) = books.queue(market.supplier)
    books.ship(market.supplier, received, 1)
    gone = edited(body, 0, minute=9, cancelled_at="2026-11-01T11:09:00-04:00", financial_status="refunded")
    storefront.tell("orders/cancelled", gone)
    assert storefront.tell("orders/updated", edited(body, 3, minute=5)).endswith("known")
    assert len(storefront.orders()) == 1


# An edit against the supplier's answer


def asks_retailer(storefront: Storefront) -> None:
    """Its retailer is asked about units that nobody delivers."""
    answer = storefront.market.retailer.api.put("/api/answer-rules", {**RULES, "reroute_rejected": False})
    assert answer.status_code == 200, answer.text


def orders_five(storefront: Storefront) -> tuple[Json, Json]:
    """The store's word of five lamps, and their purchase order; their retailer is asked about what nobody delivers."""
    asks_retailer(storefront)
    body = storefront.order(storefront.line(storefront.market.lamp.variants[0], 5))
    storefront.tell("orders/paid", body)
    (purchase_order,) = storefront.books.queue(storefront.market.supplier)
    return body, purchase_order


def says(storefront: Storefront, purchase_order: Json, **said: Any) -> int:
    """The supplier's answer about the lamps, as a program sends it."""
    line = {"line_id": purchase_order["lines"][0]["id"], **said}
    path = f"/api/supplier/orders/{purchase_order['id']}/acknowledge"
    return storefront.market.supplier.api.post(path, {"lines": [line]}).status_code


def lamps(storefront: Storefront) -> Json:
    """Of the one order's line: units cancelled in the order, and in its purchase order."""
    return storefront.books.row(
        "select l.quantity, l.cancelled, p.shipped, p.cancelled as withdrawn, p.rejected, p.answer, "
        "p.quantity - p.shipped - p.cancelled as open from order_lines l "
        "join purchase_order_lines p on p.order_line_id = l.id"
    )


def is_settled(storefront: Storefront, *, units: int) -> None:
    """So many lamps come: they are set aside and paid for, and nobody waits for anything."""
    market, books = storefront.market, storefront.books
    line = lamps(storefront)
    assert (line["open"], line["quantity"] - line["cancelled"]) == (units, units)
    assert storefront.reserved()[0] == units
    order = storefront.only_order()
    kept = sum(books.taken(order)) - sum(books.given_back(order))
    paid = books.row("select charge_total, wholesale_total, shipping_cost from purchase_orders")
    assert kept * 5 == paid["charge_total"] * units
    assert market.supplier.api.get("/api/supplier/change-requests", state="OPEN").json["items"] == []
    decisions = market.retailer.api.get(f"/api/orders/{order['id']}/decisions").json["items"]
    assert [one for one in decisions if one["state"] not in ("DONE", "OVERTAKEN")] == []
    assert "order_decision" not in books.notices(market.retailer)


@pytest.mark.parametrize("followed", [True, False])
def test_an_edit_takes_the_units_away_that_their_supplier_rejected_and_none_besides(
    storefront: Storefront, followed: bool
) -> None:
    market = storefront.market
    body, purchase_order = orders_five(storefront)
    assert says(storefront, purchase_order, status="rejected", quantity=2, reason="other") == 200
    if followed:
        storefront.jobs.drain()
    assert storefront.tell("orders/updated", edited(body, 3, minute=1)).endswith("changed: 2 cancelled")
    assert market.supplier.api.get("/api/supplier/change-requests").json["items"] == []
    is_settled(storefront, units=3)
    assert storefront.tell("orders/updated", edited(body, 2, minute=2)).endswith("changed: 1 asked for")


def test_of_rejected_units_those_that_the_store_still_wants_are_decided_about(storefront: Storefront) -> None:
    market = storefront.market
    body, purchase_order = orders_five(storefront)
    assert says(storefront, purchase_order, status="rejected", quantity=3, reason="other") == 200
    storefront.jobs.drain()
    order = storefront.only_order()
    assert storefront.tell("orders/updated", edited(body, 4, minute=1)).endswith("changed: 1 cancelled")
    found = market.retailer.api.get(f"/api/orders/{order['id']}/decisions").json["items"]
    assert sorted((one["state"], one["units"]) for one in found) == [("DONE", 1), ("OPEN", 2)]
    line = lamps(storefront)
    assert (line["cancelled"], line["open"]) == (1, 2)
    # What its retailer cancels here, and then refunds there, goes once.
    wanted = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 2}]}
    assert market.retailer.api.post(f"/api/orders/{order['id']}/cancel", wanted).status_code == 200
    assert storefront.tell("orders/updated", edited(body, 2, minute=2)).endswith("known")
    storefront.jobs.drain()
    is_settled(storefront, units=2)


def test_an_edit_counts_a_set_once_of_which_two_parts_do_not_come(storefront: Storefront) -> None:
    market, books = storefront.market, storefront.books
    asks_retailer(storefront)
    with db.system_scope(actor="test"), db.transaction() as session:
        other = session.get_one(Supplier, market.other_supplier.id)
        (shade,) = factories.product(session, other, title="Shade", wholesale="3.00", stock=10)
        sold = {"variant_id": market.lamp.variants[0], "store_id": storefront.store_id}
        listed = session.query(ListingVariant).filter_by(**sold).one()
        link_source(session, market.retailer.id, listed.id, shade, component=1)
    storefront.jobs.drain()
    body = storefront.order(storefront.line(market.lamp.variants[0], 3))
    storefront.tell("orders/paid", body)
    order = storefront.only_order()
    for party in (market.supplier, market.other_supplier):
        (one,) = books.queue(party)
        line = {"line_id": one["lines"][0]["id"], "status": "rejected", "quantity": 1, "reason": "other"}
        assert party.api.post(f"/api/supplier/orders/{one['id']}/acknowledge", {"lines": [line]}).status_code == 200
    storefront.jobs.drain()
    decisions = f"/api/orders/{order['id']}/decisions"
    for one in market.retailer.api.get(decisions).json["items"]:
        chosen = market.retailer.api.post(f"{decisions}/{one['id']}", {"choice": "refund"})
        assert chosen.status_code == 200, chosen.text
    assert storefront.tell("orders/updated", edited(body, 1, minute=1)).endswith("changed: 1 asked for")
    for party in (market.supplier, market.other_supplier):
        (request,) = party.api.get("/api/supplier/change-requests").json["items"]
        assert party.api.post(f"/api/supplier/change-requests/{request['id']}/accept", {}).status_code == 200
    with clock.shifted(timedelta(minutes=3)):
        storefront.jobs.run_scheduled("watch_decisions")
    coming = books.rows("select quantity - cancelled as units from purchase_order_lines")
    assert [row["units"] for row in coming] == [1, 1]
    assert books.row("select quantity - cancelled as units from order_lines") == {"units": 1}
    kept = sum(books.taken(order)) - sum(books.given_back(order))
    assert kept == sum(books.taken(order)) // 3


@contextmanager
def held(database_url: str, purchase_order: Json) -> Iterator[psycopg2.extensions.connection]:
    """Somebody is at a purchase order, so that others wait for it in the order in which they come."""
    with closing(psycopg2.connect(database_url)) as other, other.cursor() as cursor:
        cursor.execute("select 1 from purchase_orders where id = %s for update", (purchase_order["id"],))
        yield other


@pytest.mark.parametrize("first", ["edit", "answer"])
@pytest.mark.parametrize("said", ["accepted", "rejected"])
def test_an_edit_and_the_suppliers_answer_at_once_end_with_the_units_that_the_store_wants(
    storefront: Storefront, database_url: str, said: str, first: str
) -> None:
    market, books = storefront.market, storefront.books
    body, purchase_order = orders_five(storefront)
    what = {"status": "accepted"} if said == "accepted" else {"status": "rejected", "quantity": 2, "reason": "other"}
    answers: list[int] = []

    def answer() -> None:
        answers.append(says(storefront, purchase_order, **what))

    supplier = threading.Thread(target=answer)
    with held(database_url, purchase_order) as other:

        def let_go() -> None:
            if first == "edit":
                wait_for_lock(database_url, "the edit waits")
                supplier.start()
            wait_for_lock(database_url, "both wait", waiting=2)
            other.rollback()

        if first == "answer":
            supplier.start()
            wait_for_lock(database_url, "the answer waits")
        gate = threading.Thread(target=let_go)
        gate.start()
        outcome = storefront.tell("orders/updated", edited(body, 3, minute=1))
        gate.join(60)
    supplier.join(60)
    storefront.jobs.drain()
    requests = market.supplier.api.get("/api/supplier/change-requests").json["items"]
    if (said, first) == ("accepted", "answer"):
        # It had said that it sends all five: it is asked, and until it answers nothing is taken away or given back.
        assert (answers, outcome.endswith("2 asked for")) == ([200], True)
        assert [(one["state"], one["lines"][0]["quantity"]) for one in requests] == [("OPEN", 2)]
        assert "lines_cancelled" not in books.notices(market.supplier)
        assert storefront.reserved()[0] == 5
        assert books.given_back(storefront.only_order()) == []
        market.supplier.api.post(f"/api/supplier/change-requests/{requests[0]['id']}/accept", {})
        storefront.jobs.drain()
    else:
        assert (answers, outcome.endswith("2 cancelled")) == ([200], True)
        assert requests == [], "nobody is asked to stop what is gone"
    if first == "edit":
        # It answers about what is left; two rejected in all are those two.
        assert lamps(storefront)["rejected"] == 0
        assert "lines_cancelled" in books.notices(market.supplier)
    is_settled(storefront, units=3)


def test_an_edit_waits_for_an_added_order_before_it_holds_anything_of_the_first(
    storefront: Storefront, database_url: str
) -> None:
    body = storefront.order(storefront.line(storefront.market.lamp.variants[0], 2))
    storefront.tell("orders/paid", body)
    assert storefront.tell("orders/updated", edited(body, 3, minute=1)).endswith("added")
    first, added = storefront.orders()
    free: list[bool] = []
    with closing(psycopg2.connect(database_url)) as other, other.cursor() as cursor:
        cursor.execute("select 1 from orders where id = %s for update", (added["id"],))

        def let_go() -> None:
            wait_for_lock(database_url, "the edit waits")
            with closing(psycopg2.connect(database_url)) as third, third.cursor() as looking:
                looking.execute(
                    "select 1 from purchase_orders where order_id = %s for update skip locked", (first["id"],)
                )
                free.append(looking.fetchone() is not None)
            other.rollback()

        gate = threading.Thread(target=let_go)
        gate.start()
        storefront.tell("orders/updated", edited(body, 2, minute=2))
        gate.join(60)
    assert free == [True]
    assert storefront.reserved()[0] == 2
