"""When a source is looked at next."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

#: Content → minutes between two fetches unless the supplier chooses others.
DEFAULT_MINUTES = {"stock_price": 5, "full": 24 * 60}
LEAST_MINUTES, MOST_MINUTES = 5, 7 * 24 * 60
#: A source that fails as often in a row is told of.
TOLD_AFTER = 3
_FIRST_RETRY = timedelta(minutes=5)
_LONGEST_RETRY = timedelta(hours=6)


def next_run(source_id: UUID, every_minutes: int, now: datetime) -> datetime:
    """After a fetch that went well. Sources are spread over a tenth of their interval, each always by the same share,
    so that they do not all come at once."""
    return now + _spread(source_id, timedelta(minutes=every_minutes))


def next_try(source_id: UUID, failures: int, now: datetime) -> datetime:
    """After the ``failures``-th failure in a row: 5 minutes, doubled each time, at most 6 hours."""
    wait = min(_FIRST_RETRY * 2 ** min(failures - 1, 10), _LONGEST_RETRY)
    return now + _spread(source_id, wait)


def _spread(source_id: UUID, wait: timedelta) -> timedelta:
    share = (source_id.int % 1000) / 1000
    return wait * (0.95 + share / 10)
