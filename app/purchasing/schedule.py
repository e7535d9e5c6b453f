"""When purchase orders go to a supplier: at once, or gathered and sent at fixed times of its day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from app.kit.texts import zone_of

#: Times a day, and the longest cut-off.
MOST_TIMES = 12
LONGEST_CUTOFF = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Schedule:
    """On which days (0 is Monday) and at which times of the supplier's day purchase orders are sent. One that comes
    less than ``cutoff`` before a time goes with the next. Without times, everything goes at once."""

    days: Sequence[int] = ()
    times: Sequence[time] = ()
    cutoff: timedelta = timedelta()

    @property
    def gathers(self) -> bool:
        """Whether purchase orders wait for a time."""
        return bool(self.days and self.times)

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        if not self.gathers:
            return {}
        return {
            "days": sorted(self.days),
            "times": [f"{one:%H:%M}" for one in sorted(self.times)],
            "cutoff_minutes": int(self.cutoff.total_seconds()) // 60,
        }


AT_ONCE = Schedule()


def read_schedule(stored: Mapping[str, Any]) -> Schedule:
    """A schedule as it was stored; ``AT_ONCE`` of nothing."""
    if not stored:
        return AT_ONCE
    return Schedule(
        tuple(stored["days"]),
        tuple(time.fromisoformat(one) for one in stored["times"]),
        timedelta(minutes=stored["cutoff_minutes"]),
    )


def next_time(schedule: Schedule, came: datetime, timezone: str) -> datetime:
    """When an order that came at a moment is sent: the first of the schedule's times that is at least its cut-off away.

    Times are the clock's in the supplier's zone. A time that the change to summer time leaves out is the moment at
    which that clock would have shown it; one that comes twice is its first.
    """
    if not schedule.gathers:
        return came
    zone = zone_of(timezone)
    earliest = came + schedule.cutoff
    day = earliest.astimezone(zone).date()
    for ahead in range(9):
        on = day + timedelta(days=ahead)
        if on.weekday() not in schedule.days:
            continue
        for at in sorted(schedule.times):
            moment = datetime.combine(on, at, tzinfo=zone).astimezone(came.tzinfo)
            if moment >= earliest:
                return moment
    raise AssertionError("a schedule with a day and a time has one within a week")
