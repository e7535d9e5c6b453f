"""Whole orders under any interleaving of what their parties do: each step ends in a legal, explained state.

Retailer, suppliers, store, carrier, card and clock act by HTTP as hypothesis likes it, at wrong moments and twice, with
the background's work done or not in between. After each step units, stock and books are counted.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from app import db
from app.inventory.service import StockFigure, set_figures
from app.kit import clock
from app.ledger.queries import unbalanced_entries
from app.orders.rules import STATUSES
from app.purchasing.rules import may_move
from app.settlement.service.reconciling import stock_mismatches
from tests.campaign import walks
from tests.flows.books import Books, Json
from tests.market import Market, Party
from tests.stack import Jobs

_numbers = itertools.count(1)
_UNITS = 8

_which = st.integers(0, 5)
_units = st.integers(1, 3)
_STEPS = st.one_of(
    st.tuples(st.just("order"), st.lists(st.tuples(st.integers(0, 3), _units), min_size=1, max_size=3)),
    st.tuples(st.just("work")),
    st.tuples(st.just("answer"), _which, st.sampled_from(["accepted", "backordered", "rejected"]), _units),
    st.tuples(st.just("ship"), _which, _units),
    st.tuples(st.just("arrive"), _which),
    st.tuples(st.just("cancel"), _which),
    st.tuples(st.just("send_back"), _which),
    st.tuples(st.just("hold"), _which),
    st.tuples(st.just("release"), _which),
    st.tuples(st.just("card"), st.sampled_from(["pm_card_visa", "pm_card_chargeCustomerFail"])),
    st.tuples(st.just("again")),
)


class _World:
    """The market, what was done in it, and the counting."""

    #: What a program may be told when it asks for something at the wrong moment.
    REFUSALS: ClassVar = (400, 404, 409, 422)

    def __init__(self, market: Market, jobs: Jobs, books: Books) -> None:
        self.market, self.jobs, self.books = market, jobs, books
        self.variants = [*market.lamp.variants, *market.chair.variants]
        self.orders: list[str] = []
        self.seen: dict[str, str] = {}
        self.last: Callable[[], TestResponse] | None = None
        #: Whether the jobs have done all that follows from the last step.
        self.followed = False
        self._stock_up()

    def _stock_up(self) -> None:
        """A few of everything, told now."""
        with db.system_scope(actor="test"), db.transaction() as session:
            for party, goods in (
                (self.market.supplier, self.market.lamp),
                (self.market.other_supplier, self.market.chair),
            ):
                figures = [StockFigure(variant, _UNITS, clock.now()) for variant in goods.variants]
                set_figures(session, party.id, figures)

    def step(self, name: str, *details: Any) -> None:
        """One step, and the counting after it."""
        self.followed = name == "work"
        getattr(self, f"_{name}")(*details)
        self.check()

    # What the parties do

    def _ask(self, party: Party, method: str, path: str, body: Json | None = None) -> TestResponse:
        def call() -> TestResponse:
            return party.api.call(method, path, json=body)

        self.last = call
        return self._fine(call())

    def _fine(self, answer: TestResponse) -> TestResponse:
        assert answer.status_code < 400 or answer.status_code in self.REFUSALS, answer.text
        if answer.status_code >= 400:
            assert answer.json["code"], answer.text
            assert answer.json["detail"], answer.text
        return answer

    def _order(self, wanted: list[tuple[int, int]]) -> None:
        lines = [(self.variants[which], units) for which, units in wanted]
        answer = self._ask(self.market.retailer, "POST", "/api/orders", self.market.order_body(*lines))
        if answer.status_code == 201:
            self.orders.append(answer.json["id"])

    def _work(self) -> None:
        self.jobs.drain(retries=True)

    def _again(self) -> None:
        """Somebody's program says the same again."""
        if self.last is not None:
            self._fine(self.last())

    def _answer(self, which: int, said: str, units: int) -> None:
        found = self._purchase_order(which)
        if found is None:
            return
        party, row = found
        line: Json = {"line_id": row["lines"][which % len(row["lines"])]["id"], "status": said}
        if said == "backordered":
            line["available_on"] = datetime.now(UTC).date().isoformat()
        if said == "rejected":
            line |= {"reason": "out_of_stock", "quantity": units}
        self._ask(party, "POST", f"/api/supplier/orders/{row['id']}/acknowledge", {"lines": [line]})

    def _ship(self, which: int, units: int) -> None:
        found = self._purchase_order(which)
        if found is None:
            return
        party, row = found
        parcel = {
            "carrier": "manual",
            "tracking_number": f"MACHINE-{next(_numbers)}",
            "lines": [{"line_id": row["lines"][which % len(row["lines"])]["id"], "quantity": units}],
        }
        self._ask(party, "POST", f"/api/supplier/orders/{row['id']}/ship", {"parcels": [parcel]})

    def _arrive(self, which: int) -> None:
        rows = self._mine("select id, supplier_id from shipments s where order_id::text = any(%s) order by id")
        if rows:
            row = rows[which % len(rows)]
            party = self._supplier(row["supplier_id"])
            self.books.press(party, f"/supplier/shipments/{row['id']}/delivered")

    def _cancel(self, which: int) -> None:
        if self.orders:
            order = self._pick(which)
            line = self.books.order({"id": order})["lines"]
            path = f"/app/orders/{order}/lines/{line[which % len(line)]['id']}/cancel"
            assert self.books.press(self.market.retailer, path).status_code in (303, 409, 422)

    def _send_back(self, which: int) -> None:
        if not self.orders:
            return
        order = self.books.order({"id": self._pick(which)})
        if order["purchase_orders"]:
            row = order["purchase_orders"][which % len(order["purchase_orders"])]
            body = {
                "purchase_order_id": row["id"],
                "reason": "damaged",
                "lines": [{"line_id": row["lines"][0]["id"], "quantity": 1}],
            }
            self._ask(self.market.retailer, "POST", "/api/returns", body)

    def _hold(self, which: int) -> None:
        if self.orders:
            self._ask(self.market.retailer, "POST", f"/api/orders/{self._pick(which)}/hold", {"note": "Wait."})

    def _release(self, which: int) -> None:
        if self.orders:
            self._ask(self.market.retailer, "POST", f"/api/orders/{self._pick(which)}/release", {})

    def _card(self, card: str) -> None:
        self.books.use_card(card)

    # What is looked at

    def check(self) -> None:
        """Every state is legal and explained; units, stock and journal agree."""
        for order_id in self.orders:
            self._check_order(self.books.order({"id": order_id}))
        with db.system_scope(actor="test"), db.transaction() as session:
            assert stock_mismatches(session) == []
            assert list(unbalanced_entries(session)) == []

    def _check_order(self, order: Json) -> None:
        assert order["status"] in STATUSES
        for row in order["purchase_orders"]:
            before = self.seen.get(row["id"], row["status"])
            assert self._may_come_to_be(before, row["status"]), f"{before} became {row['status']}"
            self.seen[row["id"]] = row["status"]
        for line in self.books.rows(
            "select l.quantity, l.cancelled, "
            "coalesce(sum(p.shipped), 0) as shipped, coalesce(sum(p.quantity - p.shipped - p.cancelled), 0) as owed, "
            "count(p.id) as routed, "
            "(select coalesce(sum(d.units), 0) from order_decisions d where d.order_line_id = l.id "
            "and d.state not in ('DONE', 'OVERTAKEN')) as undecided "
            "from order_lines l left join purchase_order_lines p on p.order_line_id = l.id "
            "where l.order_id = %s group by l.id",
            order["id"],
        ):
            open_units = line["quantity"] - line["cancelled"] - line["shipped"]
            assert open_units >= 0, line
            # What no purchase order owes waits for its routing or for a decision, once the jobs have followed.
            in_nobodys_hands = open_units - line["owed"]
            assert in_nobodys_hands >= 0, line
            if self.followed and line["routed"]:
                assert in_nobodys_hands <= line["undecided"], (line, order)

    def _may_come_to_be(self, before: str, after: str) -> bool:
        """A step may hold several moves."""
        reached, waiting = {before}, [before]
        while waiting:
            here = waiting.pop()
            fresh = [one for one in STATUSES if one not in reached and may_move(here, one)]
            reached.update(fresh)
            waiting += fresh
        return after in reached

    def explained(self) -> None:
        """Each order's page says where it stands and who is next."""
        browser = self.books.browser(self.market.retailer)
        for order_id in self.orders:
            page = browser.get(f"/app/orders/{order_id}")
            assert page.status_code == 200, page.text[:500]
            text = BeautifulSoup(page.text, "html.parser").get_text(" ", strip=True)
            assert self.books.order({"id": order_id})["number"] in text

    def _pick(self, which: int) -> str:
        return self.orders[-1 - which % len(self.orders)]

    def _supplier(self, supplier_id: UUID) -> Party:
        return self.market.supplier if supplier_id == self.market.supplier.id else self.market.other_supplier

    def _mine(self, statement: str) -> list[Json]:
        with db.system_scope(actor="test"), db.transaction() as session:
            found = session.connection().exec_driver_sql(statement, (self.orders,))
            return [dict(row) for row in found.mappings()]

    def _purchase_order(self, which: int) -> tuple[Party, Json] | None:
        """One of the purchase orders that a supplier sees, as its supplier sees it."""
        rows = self._mine(
            "select id, supplier_id from purchase_orders where order_id::text = any(%s) and released_at is not null "
            "order by id desc"
        )
        if not rows:
            return None
        row = rows[which % len(rows)]
        party = self._supplier(row["supplier_id"])
        return party, dict(party.api.get(f"/api/supplier/orders/{row['id']}").json)


@settings(
    max_examples=walks(8),
    deadline=None,
    # A failing walk is short enough to be read as it is; making it shorter takes minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=st.lists(_STEPS, min_size=4, max_size=14))
def test_whatever_happens_to_an_order_its_units_stock_and_books_agree(
    market: Market, jobs: Jobs, books: Books, steps: list[tuple[Any, ...]]
) -> None:
    books.use_card("pm_card_visa")
    world = _World(market, jobs, books)
    world.step("order", [(0, 2), (2, 1)])
    world.step("work")
    for name, *details in steps:
        world.step(name, *details)
    world.step("work")
    world.explained()


@pytest.mark.parametrize("said", ["accepted", "rejected"])
def test_a_supplier_that_answers_twice_in_one_breath_changes_nothing_more(
    market: Market, jobs: Jobs, books: Books, said: str
) -> None:
    world = _World(market, jobs, books)
    world.step("order", [(0, 2)])
    world.step("work")
    world.step("answer", 0, said, 2)
    before = books.order({"id": world.orders[0]})
    world.step("again")
    world.step("work")
    world.step("again")
    assert books.order({"id": world.orders[0]})["purchase_orders"] == before["purchase_orders"]
