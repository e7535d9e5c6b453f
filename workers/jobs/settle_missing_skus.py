"""SKUs that a file no longer names may be missing for so many days by now, though no other file came."""

from __future__ import annotations

from typing import Any

from app.feeds.service import runs_to_look_at, settle_missing
from workers.job import Run, job


@job(queue="bulk", every="23 * * * *", coalesce=True, timeout=1800)
def settle_missing_skus(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Cut off, the next one goes on."""
    with run.transaction() as session:
        found = runs_to_look_at(session)
    for run_id in found:
        more = True
        while more:
            with run.transaction() as session:
                more = settle_missing(session, run_id)
