"""Returns that wait for somebody too long go on by themselves."""

from __future__ import annotations

from typing import Any

from app.kit import clock
from app.returns.queries import due
from app.returns.service import end_wait
from workers.job import Run, job


@job(queue="quick", every="*/5 * * * *", coalesce=True)
def watch_returns(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Each return is a commit of its own; what is left over is found again the next time."""
    with run.transaction() as session:
        waiting = due(session, clock.now())
    run.each(waiting, end_wait)
