"""Put the sources of files to work that are due."""

from __future__ import annotations

from typing import Any

from app.feeds.service import put_due_to_work
from app.kit import clock
from workers.job import Run, job


@job(queue="quick", every="* * * * * */10", coalesce=True)
def schedule_feeds(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.closing() as session:
        put_due_to_work(session, clock.now())
