"""When parcels should arrive: by promise, by closures, and by the way that parcels really took."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.fulfillment.estimates import ENOUGH, History, Transit, arrives, leaves_on, usual
from app.suppliers.rules import Closure

MONDAY = datetime(2026, 11, 30, 10, tzinfo=UTC)
WEDNESDAY, THURSDAY, FRIDAY = date(2026, 12, 2), date(2026, 12, 3), date(2026, 12, 4)
PROMISED = Transit(2, 5)


def leaving(now: datetime = MONDAY, **how: object) -> date | None:
    values: dict[str, object] = {"timezone": "UTC", "ship_by": datetime(2026, 12, 2, 9, tzinfo=UTC), **how}
    return leaves_on(now=now, **values)  # type: ignore[arg-type]


def test_it_leaves_on_the_promised_day_moved_out_of_closures() -> None:
    assert leaving() == WEDNESDAY
    assert leaving(closed=[Closure(WEDNESDAY, THURSDAY)]) == FRIDAY
    assert leaving(ship_by=None) is None
    assert leaving(said=FRIDAY) == FRIDAY, "what the supplier says counts"


def test_what_is_late_leaves_on_the_next_day_that_counts() -> None:
    friday_noon = datetime(2026, 12, 4, 12, tzinfo=UTC)
    assert leaving(friday_noon) == FRIDAY
    assert leaving(friday_noon, cutoff_hour=11) == date(2026, 12, 7), "after the cut-off hour, and after the weekend"
    assert leaving(friday_noon, cutoff_hour=11, closed=[Closure(date(2026, 12, 7), date(2026, 12, 8))]) == date(
        2026, 12, 9
    )


def test_the_way_that_parcels_took_counts_once_there_are_enough() -> None:
    assert usual(PROMISED, None) == PROMISED
    assert usual(PROMISED, History(6.2, 8.4, ENOUGH - 1)) == PROMISED
    assert usual(PROMISED, History(6.2, 8.4, ENOUGH)) == Transit(6, 9)
    assert usual(None, History(0.2, 0.4, ENOUGH)) == Transit(0, 1)
    assert usual(None, None) is None


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 12, 2), (date(2026, 12, 4), date(2026, 12, 7))),
        (date(2026, 12, 6), (date(2026, 12, 6), date(2026, 12, 7))),
        (date(2026, 12, 20), (date(2026, 12, 20), date(2026, 12, 21))),
    ],
)
def test_a_range_never_lies_in_the_past(today: date, expected: tuple[date, date]) -> None:
    assert arrives(WEDNESDAY, PROMISED, today) == expected
