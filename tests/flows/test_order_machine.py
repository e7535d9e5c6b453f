"""Whole orders under any interleaving of what their parties do: each step ends in a legal, explained state, and no
unit, reservation or cent is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given

from tests.campaign import walks
from tests.flows.books import Books
from tests.flows.counting import Count
from tests.flows.steps import CLOCK, PARCELS, RETAILER, STORE, SUPPLIER, Step, stories, taken, walking
from tests.flows.storefront import NOWHERE
from tests.flows.walking import Walk
from tests.market import Market
from tests.stack import Jobs


@walking(walks(3))
@given(steps=stories(*STORE, *RETAILER, *SUPPLIER, *PARCELS, *CLOCK))
def test_whatever_happens_to_an_order_its_units_stock_and_books_agree(
    market_anew: Callable[[], Market], jobs: Jobs, set_up: Callable[..., None], steps: list[tuple[Step, bool]]
) -> None:
    set_up(shopify_admin_url=NOWHERE)
    market = market_anew()
    books = Books(market, jobs)
    walk = Walk(market, jobs, books)
    count = Count(walk)
    taken(count, [(("buy", [(0, 3), (3, 1)]), True), *steps])
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
