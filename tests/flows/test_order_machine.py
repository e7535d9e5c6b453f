"""Whole orders under any interleaving of what their parties do: each step ends in a legal, explained state, and no
unit, reservation or cent is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.campaign import walks
from tests.flows.books import Books
from tests.flows.counting import Count
from tests.flows.storefront import NOWHERE
from tests.flows.walking import Walk
from tests.market import Market
from tests.stack import Jobs

_which = st.integers(0, 5)
_units = st.integers(1, 3)
_bought = st.lists(st.tuples(st.integers(0, 3), _units), min_size=1, max_size=3, unique_by=lambda line: line[0])
_STEPS = st.one_of(
    st.tuples(st.just("buy"), _bought),
    st.tuples(st.just("edit"), _which, st.sampled_from([-3, -1, 1, 2])),
    st.tuples(st.just("readdress"), _which),
    st.tuples(st.just("old_word"), _which, st.integers(0, 2)),
    st.tuples(st.just("cancel_in_store"), _which),
    st.tuples(st.just("refund_in_store"), _which, _units),
    st.tuples(st.just("place"), _bought),
    st.tuples(st.just("cancel"), _which, st.integers(0, 3)),
    st.tuples(st.just("move"), _which),
    st.tuples(st.just("withdraw"), _which),
    st.tuples(
        st.just("choose"), _which, st.sampled_from(["accept", "refund", "reroute", "wait", "substitute", "undo"])
    ),
    st.tuples(st.just("hold"), _which),
    st.tuples(st.just("release"), _which),
    st.tuples(st.just("card"), st.sampled_from(["pm_card_visa", "pm_card_chargeCustomerFail"])),
    st.tuples(st.just("claim"), _which, st.sampled_from(["refund", "reship"])),
    st.tuples(st.just("answer"), _which, st.sampled_from(["accepted", "backordered", "rejected", "dearer"]), _units),
    st.tuples(st.just("answer"), _which, st.just("accepted"), _units),
    st.tuples(st.just("pack"), _which),
    st.tuples(st.just("give_up"), _which, _units),
    st.tuples(st.just("answer_change"), _which, st.sampled_from(["accept", "part", "refuse"])),
    st.tuples(st.just("ship"), _which, _units),
    st.tuples(st.just("ship"), _which, _units),
    st.tuples(st.just("announce"), _which, _units),
    st.tuples(st.just("void"), _which),
    st.tuples(st.just("correct"), _which, _units),
    st.tuples(st.just("trouble"), _which, st.sampled_from(["refund", "resend", "on-its-way", "seen"])),
    st.tuples(st.just("stock"), _which, st.integers(0, 6)),
    st.tuples(
        st.just("scan"),
        _which,
        st.sampled_from(["pre_transit", "in_transit", "out_for_delivery", "failure", "return_to_sender", "delivered"]),
        st.integers(0, 48),
    ),
    st.tuples(st.just("scan"), _which, st.just("delivered"), st.integers(0, 48)),
    st.tuples(st.just("send_back"), _which, _units),
    st.tuples(
        st.just("return"),
        _which,
        st.sampled_from(["approve", "decline", "ship", "receive", "inspect", "credit", "cancel", "exchange"]),
    ),
    st.tuples(st.just("wait"), st.sampled_from([2, 9, 26, 24 * 4])),
    st.tuples(st.just("again")),
)
Step = tuple[Any, ...]


def _taken(world: tuple[Walk, Count], steps: list[tuple[Step, bool]]) -> None:
    walk, count = world
    for (name, *details), followed in steps:
        walk.step(name, *details)
        count.holds()
        if followed and not walk.followed:
            walk.step("work")
            count.holds()
        if walk.followed:
            count.explained()


@settings(
    max_examples=walks(7),
    deadline=None,
    # A failing walk is short enough to be read as it is; making it shorter takes minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(steps=st.lists(st.tuples(_STEPS, st.booleans()), min_size=6, max_size=24))
def test_whatever_happens_to_an_order_its_units_stock_and_books_agree(
    market_anew: Callable[[], Market], jobs: Jobs, set_up: Callable[..., None], steps: list[tuple[Step, bool]]
) -> None:
    set_up(shopify_admin_url=NOWHERE)
    market = market_anew()
    books = Books(market, jobs)
    walk = Walk(market, jobs, books)
    count = Count(walk)
    _taken((walk, count), [(("buy", [(0, 3), (2, 1)]), True), *steps])
    count.ends()
    books.ledger()
    assert books.lever("assert")["broken"] == []


@pytest.mark.parametrize("said", ["accepted", "rejected"])
def test_a_supplier_that_answers_twice_in_one_breath_changes_nothing_more(
    market: Market, jobs: Jobs, books: Books, set_up: Callable[..., None], said: str
) -> None:
    set_up(shopify_admin_url=NOWHERE)
    walk = Walk(market, jobs, books)
    for step in (("place", [(0, 2)]), ("work",), ("answer", 0, said, 2)):
        walk.step(*step)
    (before,) = walk.orders()
    for step in (("again",), ("work",), ("again",)):
        walk.step(*step)
    assert walk.orders()[0]["purchase_orders"] == before["purchase_orders"]
