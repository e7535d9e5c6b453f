"""What a process remembers for a short time."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.kit import clock
from app.kit.recent import Recent


@given(st.lists(st.tuples(st.integers(0, 5), st.text(max_size=12)), max_size=40))
def test_the_newest_values_are_kept_and_never_weigh_more_than_allowed(put: list[tuple[int, str]]) -> None:
    kept: Recent[str] = Recent(20, weigh=len)
    newest: dict[int, str] = {}
    for key, value in put:
        kept.put(key, value)
        newest[key] = value
        found = {one: kept.get(one, 60) for one in newest}
        assert found[key] == value
        assert all(there in (None, newest[one]) for one, there in found.items())
        assert sum(len(there or "") for there in found.values()) <= 20


def test_a_value_is_forgotten_when_its_time_is_over_or_it_is_told_to() -> None:
    kept: Recent[str] = Recent(10)
    kept.put("a", "x")
    assert kept.get("a", 5) == "x"
    assert kept.get("a", 0) is None
    with clock.shifted(timedelta(seconds=6)):
        assert kept.get("a", 5) is None
        assert kept.get("a", 60) == "x"
    kept.forget()
    assert kept.get("a", 60) is None
