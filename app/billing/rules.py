"""Decisions about plans and their usage, on plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

#: From this share of a plan's orders on, in percent, its retailer is warned.
WARNED_FROM = 80
LONGEST_NAME = 60
MOST_ORDERS = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """A retailer's orders of a calendar month of its own time zone. ``limit`` None: as many as it likes."""

    plan: str | None
    limit: int | None
    used: int
    month: date

    @property
    def left(self) -> int | None:
        """Orders that may still go; None: any number."""
        return None if self.limit is None else max(0, self.limit - self.used)

    @property
    def near(self) -> bool:
        """Whether its retailer should know that it comes to an end."""
        return self.limit is not None and self.used >= warned_from(self.limit)

    @property
    def renews_on(self) -> date:
        """The first day of the next month."""
        return next_month(self.month)


def month_of(moment: datetime, timezone: str) -> date:
    """The first day of the calendar month in which a moment lies there."""
    return moment.astimezone(ZoneInfo(timezone)).date().replace(day=1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def warned_from(limit: int) -> int:
    """The count of orders at which a retailer is warned."""
    return -(-limit * WARNED_FROM // 100)


def warning_of(month: date) -> str:
    """The key of the notice that a retailer's orders of a month come to an end."""
    return f"plan_usage:{month}"


def months_over(now: datetime) -> tuple[date, ...]:
    """Months that are over somewhere, the last three: in the first time zone to begin a month, it has begun."""
    month = month_of(now, "Pacific/Kiritimati")
    found = []
    for _ in range(3):
        month = (month - timedelta(days=1)).replace(day=1)
        found.append(month)
    return tuple(found)
