"""Forget old runs of sources, a few rows at a time."""

from __future__ import annotations

from typing import Any

from app.feeds.service import forget_old_runs
from app.kit import clock
from workers.job import Run, job


@job(queue="bulk", every="41 4 * * *", coalesce=True, timeout=1800)
def purge_feeds(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Cut off, the next one goes on."""
    while True:
        with run.transaction() as session:
            more = forget_old_runs(session, clock.now())
        if not more:
            return
