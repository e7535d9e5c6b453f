"""The time, which comes from here and nowhere else, so that tests and simulations can set it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_shift: ContextVar[timedelta] = ContextVar("clock_shift", default=timedelta(0))


def now() -> datetime:
    """The present moment in UTC, to the microsecond."""
    return datetime.now(UTC) + _shift.get()


def ticks() -> float:
    """Seconds since some moment, which only go on whatever the machine's clock is set to."""
    return time.monotonic() + _shift.get().total_seconds()


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Within this block the clock is ahead (or behind) by ``by``."""
    token = _shift.set(_shift.get() + by)
    try:
        yield
    finally:
        _shift.reset(token)


def iso(moment: datetime) -> str:
    """The wire form: ISO 8601 in UTC with ``Z``, to the second or to the microsecond where it matters."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_iso(text: str) -> datetime:
    """Read ISO 8601 with a zone. Raises ``ValueError`` when the zone is missing or the text is no time."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the time needs a zone, for example 2026-11-23T09:00:00Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time lies outside the calendar") from error
