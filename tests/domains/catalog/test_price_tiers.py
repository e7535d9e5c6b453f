"""Wholesale prices by quantity: what one unit of so many costs."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.catalog.assortment.rules import BulkChange, tiers_after
from app.catalog.tiers.rules import PriceTier, as_kept, counting, price_for, tier_problems

PRICES = st.integers(1, 10_000)
KEPT = st.lists(st.builds(PriceTier, st.integers(2, 500), PRICES), max_size=8).map(as_kept)


@given(single=PRICES, kept=KEPT, units=st.integers(1, 600), more=st.integers(0, 600))
def test_one_of_more_units_never_costs_more(single: int, kept: list[dict[str, int]], units: int, more: int) -> None:
    assert price_for(single, kept, units + more) <= price_for(single, kept, units) <= single


@given(single=PRICES, kept=KEPT, units=st.integers(1, 600))
def test_what_is_shown_is_what_is_charged(single: int, kept: list[dict[str, int]], units: int) -> None:
    shown = counting(single, kept)
    reached = [tier.price for tier in shown if tier.min_quantity <= units]
    assert price_for(single, kept, units) == (reached[-1] if reached else single)
    assert tier_problems(single, shown) == []
    assert all(one.price > other.price for one, other in pairwise(shown))


@given(single=PRICES, lower=PRICES, kept=KEPT, units=st.integers(1, 600))
def test_a_lower_price_of_one_unit_voids_steps_above_it_and_its_return_brings_them_back(
    single: int, lower: int, kept: list[dict[str, int]], units: int
) -> None:
    before = price_for(single, kept, units)
    assert price_for(min(single, lower), kept, units) == min(before, lower)
    assert price_for(single, kept, units) == before


@given(single=st.integers(100, 10_000), kept=KEPT, points=st.integers(-5_000, 20_000).filter(bool))
def test_a_percentage_keeps_the_order_of_steps(single: int, kept: list[dict[str, int]], points: int) -> None:
    change = BulkChange("wholesale_price", "percent", points)
    steps = counting(single, [one for one in kept if one["price"] >= 2])
    after = tiers_after(as_kept(steps), change)
    assert [one["min_quantity"] for one in after] == [one.min_quantity for one in steps]
    prices = [one["price"] for one in after]
    assert prices == sorted(prices, reverse=True)


def test_steps_that_rise_in_price_or_do_not_rise_in_quantity_are_named() -> None:
    steps = [PriceTier(10, 950), PriceTier(10, 900), PriceTier(50, 990), PriceTier(1, 100), PriceTier(60, 0)]
    assert [(place, name, code) for place, name, code, _ in tier_problems(1000, steps)] == [
        (1, "min_quantity", "not_rising"),
        (2, "price", "rising"),
        (3, "min_quantity", "out_of_range"),
        (4, "price", "out_of_range"),
    ]
    assert tier_problems(900, [PriceTier(10, 950)])[0][2] == "rising"
    assert tier_problems(None, [PriceTier(10, 950), PriceTier(50, 890)]) == []
