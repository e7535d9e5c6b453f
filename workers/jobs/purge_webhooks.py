"""Events and deliveries of webhooks are deleted after their time."""

from __future__ import annotations

from typing import Any

from app.webhooks.service import forget_old
from workers.job import Run, job


@job(queue="bulk", every="37 * * * *", coalesce=True, timeout=900)
def purge_webhooks(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Each part is a commit of its own."""
    more = True
    while more:
        with run.transaction() as session:
            more = forget_old(session)
