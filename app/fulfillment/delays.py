"""Decisions about parcels that are late, silent or lost, on plain values.

How long a silence means something depends on the way: posts and couriers scan a domestic parcel nearly every day, while
one that crosses borders is out of sight between them for a week and more. Within two weeks at home, or thirty days
abroad, is what carriers themselves ask to be waited before they search for a parcel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from app.kit.days import day_of
from app.kit.texts import zone_of
from app.suppliers.rules import Closure, working_days_from

DOMESTIC, REGION, ABROAD = "domestic", "region", "abroad"
#: Countries between which parcels travel as they do at home, without customs.
EU = frozenset(
    {
        "AT",
        "BE",
        "BG",
        "HR",
        "CY",
        "CZ",
        "DK",
        "EE",
        "FI",
        "FR",
        "DE",
        "GR",
        "HU",
        "IE",
        "IT",
        "LV",
        "LT",
        "LU",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SK",
        "SI",
        "ES",
        "SE",
    }
)
#: Working days from the label to the first scan, after which something is wrong.
NO_SCAN_DAYS = 3
#: Days without a scan after which a parcel counts as stuck, and as lost.
STUCK_DAYS: Mapping[str, int] = {DOMESTIC: 5, REGION: 7, ABROAD: 14}
LOST_DAYS: Mapping[str, int] = {DOMESTIC: 14, REGION: 20, ABROAD: 30}
#: Days after which a parcel whose way nobody reports counts as arrived, where nobody complains.
ASSUMED_AFTER_DAYS = 14
#: Working days in which a supplier answers what a retailer wants for a lost parcel.
ANSWER_DAYS = 3


def route(sent_from: str, sent_to: str) -> str:
    """How long the way is, by the countries at its ends."""
    if sent_from == sent_to:
        return DOMESTIC
    return REGION if {sent_from, sent_to} <= EU else ABROAD


def should_have_left(ship_by: datetime, now: datetime, timezone: str, closed: Sequence[Closure] = ()) -> bool:
    """Whether the day by which a supplier promised to ship is over where it is. A day on which it is closed, as it says
    by now, moves to the next working day."""
    zone = zone_of(timezone)
    due = working_days_from(ship_by.astimezone(zone).date(), 0, closed)
    return now.astimezone(zone).date() > due


def day_is_over(day: date, now: datetime, timezone: str) -> bool:
    """Whether a day is over in a time zone."""
    return day_of(now, timezone) > day


def unscanned_too_long(since: datetime, now: datetime, timezone: str, closed: Sequence[Closure] = ()) -> bool:
    """Whether a parcel that left then should have been scanned by now."""
    zone = zone_of(timezone)
    return now.astimezone(zone).date() > working_days_from(since.astimezone(zone).date(), NO_SCAN_DAYS, closed)


def silence(last_seen: datetime, now: datetime, way: str) -> str | None:
    """What it means that a parcel was last seen then: ``stuck``, ``lost`` or nothing."""
    waited = now - last_seen
    if waited > timedelta(days=LOST_DAYS[way]):
        return "lost"
    return "stuck" if waited > timedelta(days=STUCK_DAYS[way]) else None


def arrives_by(promised: date | None, left: date, way: str) -> date:
    """The day by which a parcel should have arrived: the last one that was promised, and never before it had as many
    days for its way as others need to move at all. Without a promise: the day on which others would count as lost."""
    if promised is None:
        return left + timedelta(days=LOST_DAYS[way])
    return max(promised, left + timedelta(days=STUCK_DAYS[way]))


def counts_as_arrived(due: date, today: date) -> date:
    """The day after which a parcel whose way nobody reports counts as arrived, where nobody complains; never so soon
    that nobody could."""
    return max(due, today) + timedelta(days=ASSUMED_AFTER_DAYS)


def answer_by(now: datetime, closed: Sequence[Closure] = ()) -> datetime:
    """Until when a supplier may answer."""
    return now + (working_days_from(now.date(), ANSWER_DAYS, closed) - now.date())
