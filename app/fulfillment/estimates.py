"""When parcels should arrive, on plain values: from the promised day and the supplier's closures before they leave,
from the way that parcels really took after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.kit.texts import zone_of
from app.suppliers.rules import Closure, order_day, working_days_from

#: So many parcels on the same way tell more than the days that its supplier wrote down.
ENOUGH = 10


@dataclass(frozen=True, slots=True)
class Transit:
    """Days from leaving to the door: the fewest and the most that are usual."""

    shortest: int
    longest: int


@dataclass(frozen=True, slots=True)
class History:
    """How long delivered parcels of a supplier took to a country: the days that a tenth and nine tenths of them kept
    within, and how many there are."""

    quick: float
    slow: float
    parcels: int


def usual(promised: Transit | None, history: History | None) -> Transit | None:
    """The days that a parcel takes: those that it took before where there were enough, else those promised. None where
    neither is known."""
    if history is None or history.parcels < ENOUGH:
        return promised
    shortest = max(0, int(history.quick))
    # Rounded up: a range that is kept is worth more than a narrow one.
    return Transit(shortest, max(shortest, -int(-history.slow // 1)))


def leaves_on(
    *,
    now: datetime,
    timezone: str,
    ship_by: datetime | None,
    cutoff_hour: int | None = None,
    closed: Sequence[Closure] = (),
    said: date | None = None,
) -> date | None:
    """The day on which something that has not left will leave: the one that its supplier says (``said``), else the one
    it promised, moved out of closures; when that is over, its next working day, which begins after the cut-off hour."""
    today = now.astimezone(zone_of(timezone)).date()
    wanted = said
    if wanted is None:
        if ship_by is None:
            return None
        wanted = ship_by.astimezone(zone_of(timezone)).date()
    if wanted >= today:
        return working_days_from(wanted, 0, closed)
    return _working_day_from(order_day(now, timezone, cutoff_hour), closed)


def arrives(leaves: date, transit: Transit, today: date) -> tuple[date, date]:
    """Between which days it arrives. What should have arrived by now is expected from today on, a day at a time."""
    first, last = leaves + timedelta(days=transit.shortest), leaves + timedelta(days=transit.longest)
    if last < today:
        return today, today + timedelta(days=1)
    return max(first, min(today, last)) if first < today else first, last


def _working_day_from(day: date, closed: Sequence[Closure]) -> date:
    """The day itself where it is one on which the supplier works, else the next that is."""
    return working_days_from(day - timedelta(days=1), 1, closed)
