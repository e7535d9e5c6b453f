"""The daily letters of those whose morning has come."""

from __future__ import annotations

from typing import Any

from app.config import settings
from app.notifications.service import digests_due, send_digest
from workers.job import Run, job


@job(queue="letters", every="*/15 * * * *", coalesce=True, timeout=300)
def send_digests(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Each person's letter is a commit of its own."""
    with run.transaction() as session:
        due = digests_due(session)
    run.each(due, lambda session, one: send_digest(session, one, settings().public_url))
