"""Decisions whose time is over: what nobody chose is done by the retailer's default."""

from __future__ import annotations

from typing import Any

from app.kit import clock
from app.purchasing.decisions.queries import due
from app.settlement import service as settlement
from workers.job import Run, job


@job(queue="money", every="* * * * *", coalesce=True, timeout=300)
def watch_decisions(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Each decision is a commit of its own; what is left over is found again the next time."""
    with run.transaction() as session:
        waiting = due(session, clock.now())
    run.each(waiting, lambda session, ids: settlement.carry_out(session, *ids))
