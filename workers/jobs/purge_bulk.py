"""Files of bulk actions are deleted after an hour, since they may hold addresses, and their results after a month."""

from __future__ import annotations

from typing import Any

from app.bulk.service import forget_old
from workers.job import Run, job


@job(queue="bulk", every="*/10 * * * *", coalesce=True)
def purge_bulk(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.closing() as session:
        forget_old(session)
