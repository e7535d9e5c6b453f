"""What a parcel costs, and when it arrives."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.suppliers.rules import (
    Closure,
    Parcel,
    Rate,
    Tier,
    delivery_range,
    order_day,
    rate_for,
    shipping_cost,
    working_days_from,
)

MONDAY = date(2026, 11, 23)


def by_item(name: str = "Parcel", countries: tuple[str, ...] = ("*",), first: int = 500, following: int = 100) -> Rate:
    """A rate by items, two to five days on the way."""
    return Rate(name, countries, first, following, 2, 5)


def by_weight(*steps: tuple[int | None, int], name: str = "Weight", countries: tuple[str, ...] = ("*",)) -> Rate:
    """A rate by weight."""
    return Rate(name, countries, 0, 0, 2, 5, "standard", "weight", tuple(Tier(*step) for step in steps))


def test_a_parcel_costs_the_step_that_its_weight_falls_into() -> None:
    rate = by_weight((1000, 300), (5000, 600), (None, 1500))
    for grams, price in ((0, 300), (1000, 300), (1001, 600), (5000, 600), (5001, 1500), (900_000, 1500)):
        assert shipping_cost(rate, Parcel(grams=grams), "EUR").minor == price


def test_value_decides_where_the_rate_says_so() -> None:
    rate = Rate("Value", ("*",), 0, 0, 2, 5, "standard", "value", (Tier(5000, 490), Tier(None, 0)))
    assert shipping_cost(rate, Parcel(goods=5000, grams=10**6), "EUR").minor == 490
    assert shipping_cost(rate, Parcel(goods=5001), "EUR").minor == 0


def test_a_parcel_beyond_the_last_step_is_not_carried() -> None:
    light = by_weight((2000, 300))
    heavy = by_item("Freight", first=9000)
    assert rate_for([light], "DE", Parcel(grams=2001)) is None
    assert rate_for([light, heavy], "DE", Parcel(grams=2001)) == heavy
    assert rate_for([light, heavy], "DE", Parcel(grams=1999)) == light
    with pytest.raises(ValueError, match="last tier"):
        shipping_cost(light, Parcel(grams=2001), "EUR")


def test_of_several_the_cheapest_for_this_parcel_counts() -> None:
    small, large = by_item("Small", first=300, following=300), by_item("Large", first=500, following=10)
    assert rate_for([small, large], "DE") == small
    assert rate_for([small, large], "DE", Parcel(units=2)) == large


def test_a_rate_that_names_the_country_goes_before_one_for_all_others() -> None:
    named, anywhere = by_item("Home", ("DE",), first=900), by_item("World", first=100)
    assert rate_for([anywhere, named], "DE") == named
    assert rate_for([anywhere, named], "FR") == anywhere
    assert rate_for([named], "FR") is None


rates = st.one_of(
    st.builds(by_item, first=st.integers(0, 10_000), following=st.integers(0, 10_000)),
    st.lists(st.integers(1, 100_000), unique=True, max_size=5).flatmap(
        lambda limits: st.builds(
            lambda prices, endless: by_weight(
                *zip([*sorted(limits), *([None] if endless or not limits else [])], prices, strict=False)
            ),
            st.lists(st.integers(0, 10_000), min_size=6, max_size=6),
            st.booleans(),
        )
    ),
)


@given(st.lists(rates, max_size=5), st.builds(Parcel, st.integers(1, 50), st.integers(0, 10**6), st.integers(0, 10**6)))
def test_no_rate_that_carries_the_parcel_is_cheaper_than_the_chosen_one(found: list[Rate], parcel: Parcel) -> None:
    chosen = rate_for(found, "DE", parcel)
    prices = []
    for rate in found:
        try:
            prices.append(shipping_cost(rate, parcel, "EUR").minor)
        except ValueError:
            continue
    assert (chosen is None) == (not prices)
    if chosen is not None:
        assert shipping_cost(chosen, parcel, "EUR").minor == min(prices)


def test_after_the_cut_off_hour_an_order_counts_for_the_next_day() -> None:
    noon = datetime(2026, 11, 23, 12, 59, tzinfo=UTC)
    assert order_day(noon, "Europe/Berlin", 14) == MONDAY
    assert order_day(noon + timedelta(minutes=1), "Europe/Berlin", 14) == MONDAY + timedelta(days=1)
    assert order_day(datetime(2026, 11, 23, 23, 30, tzinfo=UTC), "Europe/Berlin", 14) == MONDAY + timedelta(days=1)
    assert order_day(datetime(2026, 11, 23, 3, tzinfo=UTC), "America/New_York", 23) == MONDAY - timedelta(days=1)
    assert order_day(datetime(2026, 11, 23, 23, 30, tzinfo=UTC), "Europe/Berlin", None) == MONDAY + timedelta(days=1)


def test_handling_leaves_weekends_and_closures_out() -> None:
    assert working_days_from(MONDAY, 5) == date(2026, 11, 30)
    closed = [Closure(date(2026, 11, 25), date(2026, 11, 26))]
    assert working_days_from(MONDAY, 2, closed) == date(2026, 11, 27)
    assert working_days_from(MONDAY, 0, closed) == MONDAY
    assert working_days_from(date(2026, 11, 25), 0, closed) == date(2026, 11, 27)
    holidays = [Closure(date(2026, 12, 24), date(2027, 1, 3))]
    assert delivery_range(date(2026, 12, 23), 1, by_item(), holidays) == (date(2027, 1, 6), date(2027, 1, 9))


days = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@given(days, st.integers(0, 20), st.lists(st.tuples(days, st.integers(0, 40)), max_size=4))
def test_a_parcel_never_leaves_on_a_closed_day_and_closures_only_delay(
    start: date, handling: int, spans: list[tuple[date, int]]
) -> None:
    closed = [Closure(first, first + timedelta(days=length)) for first, length in spans]
    leaves = working_days_from(start, handling, closed)
    assert not any(one.starts_on <= leaves <= one.ends_on for one in closed)
    assert leaves >= working_days_from(start, handling)
