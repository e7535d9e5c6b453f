"""Days of somebody's calendar as moments: a day is over when it is over where that somebody is."""

from __future__ import annotations

from datetime import date, datetime, time

from app.kit.texts import zone_of


def end_of_day(day: date, timezone: str) -> datetime:
    """The last second of a day in a time zone (an IANA name)."""
    return datetime.combine(day, time(23, 59, 59), zone_of(timezone))


def day_of(moment: datetime, timezone: str) -> date:
    """Which day a moment is in a time zone."""
    return moment.astimezone(zone_of(timezone)).date()
