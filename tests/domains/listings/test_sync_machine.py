"""A listing and its shop under any sequence of changes by supplier and retailer, pushes, lost and late answers.

A hypothesis state machine drives the real services on the real database; the shop is a model of a few lines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy.orm import Session

from app import db
from app.kit.money import Money
from app.listings.rules import HIDDEN, LIVE, MOVES, UNLINKED
from app.pricing.rules import DEFAULT_RULE, retail_price
from tests.domains.listings.shop import FIRST_TITLE, Shelf

TITLES = st.sampled_from(["Lamp", "Reading lamp", "Lamp of brass"])
OWN_TITLES = st.sampled_from(["Mine", "Mine too"])
COSTS = st.sampled_from([500, 1000, 1001, 2599])
OWN_PRICES = st.sampled_from([100, 4321, 99_999])
WHICH = st.integers(0, 1)


class SyncMachine(RuleBasedStateMachine):
    """``title``, ``cost``, ``stock`` and ``offered`` are the supplier's word; ``own_title`` and ``own_prices`` the
    retailer's. What the shop must show follows from them alone."""

    def __init__(self) -> None:
        super().__init__()
        self._scope: Any = db.system_scope(actor="test")
        self._scope.__enter__()
        self.session = Session(db.engine(), expire_on_commit=False)
        self.under_way: list[Callable[[], None]] = []
        self.answered: list[Callable[[], None]] = []

    def teardown(self) -> None:
        try:
            if hasattr(self, "shelf"):
                self.settle()
        finally:
            self.session.rollback()
            self.session.close()
            self._scope.__exit__(None, None, None)

    @initialize()
    def publish_first(self) -> None:
        self.shelf = Shelf(self.session)
        self.title, self.cost, self.stock, self.offered = FIRST_TITLE, 1000, 20, True
        self.own_title: str | None = None
        self.own_prices: dict[UUID, int] = {}
        self.shelf.publish()
        self.shelf.sync()
        self.state, self.pushed = LIVE, self.shelf.listing.pushed_version

    # The supplier

    @rule(title=TITLES)
    def supplier_renames(self, title: str) -> None:
        self.title = title
        self.shelf.supplier_says(title=title)

    @rule(cost=COSTS)
    def supplier_prices(self, cost: int) -> None:
        self.cost = cost
        self.shelf.supplier_says(price=cost)

    @rule(stock=st.integers(0, 30))
    def supplier_counts(self, stock: int) -> None:
        self.stock = stock
        self.shelf.supplier_says(stock=stock)

    @rule()
    def supplier_ends_or_offers_again(self) -> None:
        self.offered = not self.offered
        self.shelf.supplier_offers("active" if self.offered else "ended")

    # The retailer with us

    @rule(title=OWN_TITLES)
    def retailer_renames(self, title: str) -> None:
        self.own_title = title
        self.shelf.edit(title=title)

    @rule(which=WHICH, price=OWN_PRICES | st.none())
    def retailer_prices(self, which: int, price: int | None) -> None:
        variant = self.shelf.variants[which]
        self.shelf.edit(prices={variant: price})
        self.own_prices.pop(variant, None)
        if price is not None:
            self.own_prices[variant] = price

    @precondition(lambda self: self.state not in (HIDDEN, UNLINKED))
    @rule()
    def retailer_hides(self) -> None:
        self.shelf.hide()

    @precondition(lambda self: self.state in (HIDDEN, UNLINKED))
    @rule()
    def retailer_publishes(self) -> None:
        self.shelf.publish()

    # The retailer in its shop

    def _in_shop(self) -> bool:
        """Whether there is a product to edit, and nothing of ours is on its way to it."""
        return not self.under_way and str(self.shelf.listing.external_id) in self.shelf.shop.products

    @precondition(lambda self: self._in_shop())
    @rule(title=OWN_TITLES)
    def retailer_renames_in_the_shop(self, title: str) -> None:
        if self.shelf.product.title != title:
            self.shelf.product.title = self.own_title = title
            self.shelf.tells()

    @precondition(lambda self: self._in_shop())
    @rule(which=WHICH, price=OWN_PRICES)
    def retailer_prices_in_the_shop(self, which: int, price: int) -> None:
        variant = self.shelf.variants[which]
        shown = self.shelf.by_variant().get(variant)
        if shown is not None and shown.price != price:
            shown.price = self.own_prices[variant] = price
            self.shelf.tells()

    @precondition(lambda self: str(self.shelf.listing.external_id) in self.shelf.shop.products)
    @rule()
    def retailer_deletes_in_the_shop(self) -> None:
        self.shelf.deleted_in_shop()

    # The push

    @precondition(lambda self: not self.under_way)
    @rule(what=st.sampled_from(["send", "send_prices", "send_stock"]), echo=st.booleans())
    def push(self, what: str, echo: bool) -> None:
        self.under_way = getattr(self.shelf, what)()
        if echo and self.under_way and str(self.shelf.listing.external_id) in self.shelf.shop.products:
            self.shelf.tells()

    @precondition(lambda self: self.under_way)
    @rule(times=st.integers(0, 2))
    def answer(self, times: int) -> None:
        """Never (the process was killed), once or twice."""
        for _ in range(times):
            for answer in self.under_way:
                answer()
        if times:
            self.answered += self.under_way
        self.under_way = []

    @invariant()
    def moves_are_allowed_and_versions_only_rise(self) -> None:
        if not hasattr(self, "shelf"):
            return
        listing = self.shelf.listing
        assert listing.state == self.state or self._reachable(listing.state), f"{self.state} became {listing.state}"
        assert self.pushed <= listing.pushed_version <= listing.wanted_version
        self.state, self.pushed = listing.state, listing.pushed_version

    def _reachable(self, state: str) -> bool:
        """One rule may move it twice."""
        return state in MOVES[self.state] or any(state in MOVES[between] for between in MOVES[self.state])

    @rule()
    def settle(self) -> None:
        """Everything that is under way arrives, and the shop shows what supplier and retailer said last."""
        for answer in self.under_way:
            answer()
        self.under_way = []
        self.shelf.sync()
        listing = self.shelf.listing
        if listing.state == UNLINKED:
            assert str(listing.external_id) not in self.shelf.shop.products
            return
        assert listing.wanted_version == listing.pushed_version
        if listing.state == HIDDEN:
            # It may have been hidden before the shop ever had it.
            assert listing.external_id is None or not self.shelf.product.published
            return
        product = self.shelf.product
        assert (listing.state, product.published) == (LIVE, True)
        assert product.title == (self.own_title or self.title)
        by_rule = retail_price(Money(self.cost, "USD"), DEFAULT_RULE).minor
        shown = self.shelf.by_variant()
        for row in listing.variants:
            assert shown[row.variant_id].price == self.own_prices.get(row.variant_id, by_rule)
            assert shown[row.variant_id].quantity == row.wanted_quantity
            assert 0 <= row.wanted_quantity <= self.stock
            assert self.offered or row.wanted_quantity == 0
            assert row.waiting_since is None


@pytest.mark.usefixtures("engine")
class TestSyncMachine(SyncMachine.TestCase):  # type: ignore[misc]
    """The machine as a test case; the database comes from the fixture."""

    settings = settings(
        max_examples=12,
        # A failing sequence is told as it was found: to shorten it takes minutes.
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        stateful_step_count=18,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
