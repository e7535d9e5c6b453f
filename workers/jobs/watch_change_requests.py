"""Suppliers that do not answer a request are asked once more, then their silence is the answer."""

from __future__ import annotations

from typing import Any

from app.kit import clock
from app.purchasing.changes.queries import overdue, to_remind
from app.purchasing.service import count_silence, remind
from workers.job import Run, job


@job(queue="quick", every="*/5 * * * *", coalesce=True)
def watch_change_requests(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Each request is a commit of its own; what is left over is found again the next time."""
    with run.transaction() as session:
        over, silent = overdue(session, clock.now()), to_remind(session, clock.now())
    run.each(
        [(count_silence, one) for one in over] + [(remind, one) for one in silent if one not in over],
        lambda session, what: what[0](session, what[1]),
    )
