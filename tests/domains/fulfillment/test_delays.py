"""When a silence means something: promised days, first scans and long ways."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.fulfillment.delays import (
    ABROAD,
    DOMESTIC,
    LOST_DAYS,
    REGION,
    STUCK_DAYS,
    route,
    should_have_left,
    silence,
    unscanned_too_long,
)
from app.suppliers.rules import Closure

FRIDAY = datetime(2026, 11, 27, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent_from", "sent_to", "way"),
    [("US", "US", DOMESTIC), ("DE", "FR", REGION), ("DE", "CH", ABROAD), ("GB", "IE", ABROAD), ("CN", "US", ABROAD)],
)
def test_ways_are_as_long_as_borders_make_them(sent_from: str, sent_to: str, way: str) -> None:
    assert route(sent_from, sent_to) == way


@pytest.mark.parametrize("way", [DOMESTIC, REGION, ABROAD])
def test_silence_means_more_the_longer_it_lasts(way: str) -> None:
    def after(days: float) -> str | None:
        return silence(FRIDAY, FRIDAY + timedelta(days=days), way)

    assert [after(STUCK_DAYS[way]), after(STUCK_DAYS[way] + 0.1)] == [None, "stuck"]
    assert [after(LOST_DAYS[way]), after(LOST_DAYS[way] + 0.1)] == ["stuck", "lost"]


def test_a_promised_day_lasts_until_its_end_where_the_supplier_is() -> None:
    evening = FRIDAY.replace(hour=23)
    assert not should_have_left(FRIDAY, evening, "UTC")
    assert should_have_left(FRIDAY, FRIDAY + timedelta(hours=9, minutes=1), "UTC")
    # In Los Angeles it is still Friday.
    assert not should_have_left(FRIDAY, FRIDAY + timedelta(hours=16), "America/Los_Angeles")


def test_a_closure_that_came_later_moves_the_day() -> None:
    closed = [Closure(date(2026, 11, 27), date(2026, 12, 1))]
    assert not should_have_left(FRIDAY, FRIDAY + timedelta(days=5), "UTC", closed)
    assert should_have_left(FRIDAY, FRIDAY + timedelta(days=6), "UTC", closed)


def test_the_first_scan_is_waited_for_on_working_days() -> None:
    # Monday, Tuesday, Wednesday.
    assert not unscanned_too_long(FRIDAY, datetime(2026, 12, 2, 23, tzinfo=UTC), "UTC")
    assert unscanned_too_long(FRIDAY, datetime(2026, 12, 3, 1, tzinfo=UTC), "UTC")
