"""The sellable quantity, and which levels an order line takes from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.inventory.rules import BufferPolicy, LevelView, allocate, sellable, small_stock_buffer

POLICIES = st.builds(
    BufferPolicy,
    percent=st.integers(0, 90),
    units=st.integers(0, 20),
    small_stock=st.integers(0, 20),
    small_stock_buffer=st.integers(0, 2),
    cap=st.none() | st.integers(0, 1000),
)


@pytest.mark.parametrize(
    ("free", "policy", "shown"),
    [
        (40, BufferPolicy(percent=10), 36),
        (45, BufferPolicy(percent=10), 40),
        (6, BufferPolicy(percent=10), 5),
        (5, BufferPolicy(percent=10), 5),
        (1, BufferPolicy(percent=10), 1),
        (1, BufferPolicy(percent=10, small_stock_buffer=1), 0),
        (2, BufferPolicy(percent=10, small_stock_buffer=1), 1),
        (40, BufferPolicy(percent=10, units=4), 32),
        (40, BufferPolicy(percent=10, cap=20), 20),
        (3, BufferPolicy(percent=0, units=5), 0),
        (0, BufferPolicy(percent=10), 0),
        (-3, BufferPolicy(percent=10), 0),
    ],
)
def test_sellable(free: int, policy: BufferPolicy, shown: int) -> None:
    assert sellable(free, policy, fresh=True) == shown


@given(st.integers(-5, 10_000), POLICIES)
def test_never_more_than_there_is_and_never_negative(free: int, policy: BufferPolicy) -> None:
    shown = sellable(free, policy, fresh=True)
    assert 0 <= shown <= max(0, free)
    assert policy.cap is None or shown <= policy.cap


@given(st.integers(0, 10_000), POLICIES)
def test_old_figures_show_as_nothing(free: int, policy: BufferPolicy) -> None:
    assert sellable(free, policy, fresh=False) == 0


def test_a_single_unit_is_kept_back_only_where_several_stores_sell_it() -> None:
    assert small_stock_buffer(1) == 0
    assert small_stock_buffer(2) == 1


def test_one_level_gives_all_when_it_can_preferably_the_default() -> None:
    levels = [LevelView("full", 50, False), LevelView("default", 10, True)]
    assert allocate(10, levels) == [("default", 10)]
    assert allocate(11, levels) == [("full", 11)]


@given(
    st.integers(1, 100),
    st.lists(st.integers(-5, 60), max_size=6),
)
def test_allocation_takes_exactly_what_is_wanted_or_nothing(quantity: int, frees: list[int]) -> None:
    levels = [LevelView(index, free, index == 0) for index, free in enumerate(frees)]
    taken = allocate(quantity, levels)
    if taken is None:
        assert sum(max(0, free) for free in frees) < quantity
        return
    assert sum(units for _, units in taken) == quantity
    assert all(0 < units <= frees[level] for level, units in taken)  # type: ignore[index]
    assert len({level for level, _ in taken}) == len(taken)
