"""How long a supplier still has, as its own clock and working days say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.kit.texts import zone_of
from app.suppliers.rules import Closure

#: Counting days ends here.
_FAR = 60


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """``days``: working days until the day that it is due, 0 on that day; below zero once it is over. ``hours`` to the
    minute of it, where that is today or was within a day; None otherwise."""

    overdue: bool
    days: int
    hours: float | None


def time_left(due: datetime, now: datetime, *, timezone: str, closed: Sequence[Closure] = ()) -> TimeLeft:
    """Of something that is due at a moment. Days are Monday to Friday outside closures, where the supplier is."""
    zone = zone_of(timezone)
    today, last = now.astimezone(zone).date(), due.astimezone(zone).date()
    overdue = due < now
    days = -_between(last, today, closed) if overdue else _between(today, last, closed)
    near = abs(due - now) < timedelta(hours=24) and (overdue or last == today or days == 0)
    return TimeLeft(overdue, days, abs((due - now).total_seconds()) / 3600 if near else None)


def _between(first: date, last: date, closed: Sequence[Closure]) -> int:
    """Working days after the first day, the last one included."""
    count, day = 0, first
    while day < last and (day - first).days < _FAR:
        day += timedelta(days=1)
        if day.weekday() < 5 and not any(one.starts_on <= day <= one.ends_on for one in closed):
            count += 1
    return count
