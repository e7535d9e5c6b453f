"""Put endpoints of webhooks to work whose messages are to be tried again."""

from __future__ import annotations

from typing import Any

from app.webhooks.service import put_due_to_work
from workers.job import Run, job


@job(queue="quick", every="* * * * * */5", coalesce=True)
def schedule_webhooks(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.closing() as session:
        put_due_to_work(session)
