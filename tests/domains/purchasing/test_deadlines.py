"""By when a supplier answers and ships, by its own calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.kit.days import day_of
from app.purchasing.rules import answer_by, ship_by

ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati"])
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


LATER = st.timedeltas(timedelta(), timedelta(days=14))
CUTOFFS = st.none() | st.integers(1, 23)


@given(MOMENTS, ZONES, CUTOFFS, st.integers(0, 5), LATER)
def test_what_is_to_ship_is_late_by_its_moment_when_its_day_is_over_there(
    came: datetime, zone: str, cutoff: int | None, handling: int, later: timedelta
) -> None:
    due, now = ship_by(came, handling, timezone=zone, cutoff_hour=cutoff), (came + later).replace(microsecond=0)
    assert (due < now) == (day_of(due, zone) < day_of(now, zone))
    assert day_of(due, zone) > day_of(came, zone), "there is always a whole day"


@given(MOMENTS, ZONES, CUTOFFS)
def test_an_answer_is_due_on_a_working_day_where_the_supplier_is(came: datetime, zone: str, cutoff: int | None) -> None:
    due = answer_by(came, timezone=zone, cutoff_hour=cutoff)
    assert timedelta(hours=23) <= due - came <= timedelta(days=4)
    assert day_of(due, zone).weekday() < 5
