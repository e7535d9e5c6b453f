"""Two people, or a person and the clock, at the same order at the same time: whichever comes first, each unit, label
and payment ends in one place, once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from uuid import UUID

import psycopg2
import pytest

from app import db
from app.kit import clock
from app.settlement.service import carry_out
from tests.flows.books import Books, Json
from tests.flows.deciding import RULES, Desk
from tests.flows.gateway import Gateway, gateway_process
from tests.flows.test_addresses import ELSEWHERE
from tests.flows.test_labels import gateway, lamps, offers_on, quoted
from tests.flows.test_supplier_channels import House, house
from tests.market import Market
from tests.processes import wait_for_lock
from tests.simulators.supplier_api.world import Reply
from tests.stack import Jobs

__all__ = ["gateway", "gateway_process", "house", "lamps"]

FIRST = pytest.mark.parametrize("turned", [False, True], ids=["as written", "the other first"])


@contextmanager
def _locked(database_url: str, query: str, about: str) -> Iterator[psycopg2.extensions.connection]:
    with closing(psycopg2.connect(database_url)) as other, other.cursor() as cursor:
        cursor.execute(f"{query} for update", (about,))
        assert cursor.fetchall(), "there is something to wait for"
        yield other


def in_turn(
    database_url: str,
    order_id: str,
    *both: Callable[[], int],
    turned: bool = False,
    query: str = "select 1 from orders where id = %s",
) -> list[int]:
    """Both are at it at once: each waits for the lock on the order before any goes on, in this order (or the other one,
    ``turned``). Returns what each gave, in the order in which they are written."""
    found: dict[int, int] = {}

    def run(which: int) -> None:
        found[which] = both[which]()

    order = list(range(len(both)))
    threads = {which: threading.Thread(target=run, args=(which,)) for which in order}
    with _locked(database_url, query, order_id) as other:
        for waiting, which in enumerate(reversed(order) if turned else order, start=1):
            threads[which].start()
            wait_for_lock(database_url, f"number {which} waits", waiting=waiting, ended=lambda: which in found)  # noqa: B023 – asked before the loop goes on
        other.rollback()
    for thread in threads.values():
        thread.join(60)
    return [found[which] for which in order]


@FIRST
def test_a_hold_that_is_released_while_its_order_is_cancelled_sends_nothing(
    market: Market, jobs: Jobs, books: Books, database_url: str, turned: bool
) -> None:
    api = market.retailer.api
    order = api.post("/api/orders", {**market.order_body(), "paid": False}).json
    jobs.drain()
    path = f"/api/orders/{order['id']}"
    every = [{"line_id": one["id"], "quantity": one["quantity"]} for one in order["lines"]]
    answers = in_turn(
        database_url,
        order["id"],
        lambda: api.post(f"{path}/release", {"reason": "unpaid"}).status_code,
        lambda: api.post(f"{path}/cancel", {"lines": every}).status_code,
        turned=turned,
    )
    assert answers == ([409, 200] if turned else [200, 200])
    jobs.drain()
    assert books.order(order)["status"] == "CANCELLED"
    assert [market.stock(one.variants[0])["reserved"] for one in (market.lamp, market.chair)] == [0, 0]
    assert sum(books.taken(order)) == sum(books.given_back(order))
    assert [one["status"] for one in books.queue(market.supplier)] in ([], ["CANCELLED"])


@FIRST
def test_a_refund_that_is_asked_for_while_its_units_are_cancelled_is_one_refund(
    market: Market, jobs: Jobs, books: Books, database_url: str, turned: bool
) -> None:
    api = market.retailer.api
    order = api.post("/api/orders", {**market.order_body(), "store_id": str(market.store_id)}).json
    jobs.drain()
    path, line = f"/api/orders/{order['id']}", order["lines"][0]["id"]
    two = {"lines": [{"line_id": line, "quantity": 2}]}
    answers = in_turn(
        database_url,
        order["id"],
        lambda: api.post(f"{path}/store-refunds", two).status_code,
        lambda: api.post(f"{path}/cancel", two).status_code,
        turned=turned,
    )
    assert answers == [201, 200]
    jobs.drain()
    told = api.get(f"{path}/store-refunds").json
    assert sum(one["quantity"] for refund in told["items"] for one in refund["lines"]) == 2
    assert told["owed"] == [], "the store would give back the same money again"
    again = api.post(f"{path}/store-refunds", two)
    assert (again.status_code, again.json["code"]) == (409, "not_refundable")
    assert len(books.given_back(order)) == 1


@pytest.fixture
def desk(market: Market, jobs: Jobs, books: Books) -> Desk:
    return Desk(market, jobs, books)


def _to_decide(desk: Desk) -> tuple[Json, str]:
    """An order of which a lamp was rejected, which a second supplier has, too; and where it is decided about."""
    desk.rules(**{**RULES, "reroute_rejected": False})
    desk.link()
    order = desk.buys(1)
    desk.answers(order, status="rejected", reason="out_of_stock")
    return order, f"/api/orders/{order['id']}/decisions/{desk.decision(order)['id']}"


@FIRST
def test_a_choice_and_the_end_of_its_time_are_one_decision(desk: Desk, database_url: str, turned: bool) -> None:
    order, path = _to_decide(desk)

    def time_is_over() -> int:
        with clock.shifted(timedelta(hours=25)), db.system_scope(actor="test"), db.transaction() as session:
            carry_out(session, UUID(order["id"]), UUID(path.rpartition("/")[2]))
        return 0

    answers = in_turn(
        database_url,
        order["id"],
        lambda: desk.market.retailer.api.post(path, {"choice": "reroute"}).status_code,
        time_is_over,
        turned=turned,
    )
    assert answers[0] == (409 if turned else 200)
    desk.jobs.drain()
    with clock.shifted(timedelta(hours=26)):
        desk.jobs.run_scheduled("watch_decisions")
    (done,) = desk.decisions(order)
    assert (done["state"], done["choice"]) == ("DONE", "refund" if turned else "reroute")
    theirs = desk.purchase_orders(order, desk.market.other_supplier)
    assert len(theirs) == (0 if turned else 1)
    assert bool(desk.books.given_back(order)) is turned
    desk.balanced(order)


@FIRST
def test_two_who_choose_at_once_end_with_one_choice(desk: Desk, database_url: str, turned: bool) -> None:
    order, path = _to_decide(desk)
    api = desk.market.retailer.api
    answers = in_turn(
        database_url,
        order["id"],
        lambda: api.post(path, {"choice": "reroute"}).status_code,
        lambda: api.post(path, {"choice": "refund"}).status_code,
        turned=turned,
    )
    assert sorted(answers) in ([200, 200], [200, 409])
    last = answers.index(200) if 409 in answers else (0 if turned else 1)
    with clock.shifted(timedelta(minutes=5)):
        desk.jobs.run_scheduled("watch_decisions")
    (done,) = desk.decisions(order)
    assert (done["state"], done["choice"]) == ("DONE", ("reroute", "refund")[last])
    assert len(desk.purchase_orders(order, desk.market.other_supplier)) == (1 if last == 0 else 0)
    desk.balanced(order)


@FIRST
def test_two_of_a_supplier_that_answer_at_once_give_one_answer(desk: Desk, database_url: str, turned: bool) -> None:
    order = desk.buys(2)
    (one,) = desk.purchase_orders(order, desk.market.supplier)
    line = one["lines"][0]["id"]

    def says(**what: object) -> Callable[[], int]:
        body = {"lines": [{"line_id": line, **what}]}
        return lambda: desk.market.supplier.api.post(f"/api/supplier/orders/{one['id']}/acknowledge", body).status_code

    answers = in_turn(
        database_url,
        one["id"],
        says(status="accepted"),
        says(status="rejected", reason="out_of_stock"),
        turned=turned,
        query="select 1 from purchase_orders where id = %s",
    )
    desk.jobs.drain()
    row = desk.books.row("select answer, cancelled, rejected, quantity from purchase_order_lines where id = %s", line)
    if turned:
        assert answers[1] == 200
        assert row["cancelled"] == row["quantity"], "what was rejected is not accepted any more"
    else:
        # What was accepted may still turn out to be gone.
        assert answers[0] == 200
        assert (answers[1], row["cancelled"]) in ((200, 2), (409, 0))
    assert desk.market.stock(desk.lamp)["reserved"] == row["quantity"] - row["cancelled"]
    desk.balanced(order)


def test_a_label_that_two_buy_at_once_is_bought_once(
    market: Market, books: Books, gateway: Gateway, lamps: Json, database_url: str
) -> None:
    page = quoted(books, market, lamps)
    offers = offers_on(books, market, page)

    def buys(offer: str) -> Callable[[], int]:
        return lambda: books.press(market.supplier, f"{page}/buy", offer=offer).status_code

    answers = in_turn(
        database_url,
        page.rpartition("/")[2],
        *(buys(offer) for offer in offers[:2]),
        query="select 1 from shipping_labels where id = %s",
    )
    assert sorted(answers) in ([303, 303], [303, 409])
    assert len(gateway.bought()) == 1
    assert market.count("shipments") == 1


def test_an_address_that_changes_while_its_order_is_being_sent_reaches_the_suppliers_system(
    house: House, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.choose()
    take, moved = house.world.post, []

    def post(headers: dict[str, str], body: bytes) -> Reply:
        reply = take(headers, body)
        if not moved:
            (order,) = house.market.retailer.api.get("/api/orders").json["items"]
            answer = house.market.retailer.api.put(f"/api/orders/{order['id']}/address", ELSEWHERE)
            moved.append(answer.json["applied"])
        return reply

    monkeypatch.setattr(house.world, "post", post)
    books.paid_order((house.market.lamp.variants[0], 2))
    house.jobs.drain()
    house.jobs.drain(retries=True)
    (there,) = house.world.orders.values()
    assert moved == [True]
    assert there.body["shipping_address"]["city"] == "Leeds"
    (theirs,) = books.queue(house.market.supplier)
    assert theirs["shipping_address"]["city"] == "Leeds"
