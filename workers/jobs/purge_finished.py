"""Finished tasks, told facts, old hooks and answered API requests are deleted after their time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, update

from app.exceptions.service import forget_old
from app.feeds.models import FeedFetch
from app.inbox.models import InboxMessage, KeyedRequest
from app.kit import clock
from app.outbox.models import OutboxEvent, Task, TaskState
from app.stores.models import PlatformRisk
from workers.job import Run, job


@job(queue="bulk", every="17 * * * *", coalesce=True, timeout=300)
def purge_finished(run: Run, payload: dict[str, Any]) -> None:
    """See the module. Hooks keep their ids, so that a very late duplicate is still recognised; their bodies go."""
    now = clock.now()
    with run.closing() as session:
        session.execute(
            delete(Task).where(
                Task.state.in_((TaskState.DONE, TaskState.SKIPPED)), Task.created_at < now - timedelta(days=7)
            )
        )
        session.execute(
            delete(OutboxEvent).where(OutboxEvent.state == 1, OutboxEvent.created_at < now - timedelta(days=30))
        )
        session.execute(delete(FeedFetch).where(FeedFetch.at < now - timedelta(days=30)))
        session.execute(delete(KeyedRequest).where(KeyedRequest.created_at < now - timedelta(days=7)))
        forget_old(session)
        session.execute(delete(PlatformRisk).where(PlatformRisk.told_at < now - timedelta(days=30)))
        session.execute(
            update(InboxMessage)
            .where(InboxMessage.state >= 2, InboxMessage.handled_at < now - timedelta(days=30))
            .values(body=None)
        )
