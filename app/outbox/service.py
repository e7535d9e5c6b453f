"""Writing facts into the outbox, and putting tasks that died back to work."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from sqlalchemy import DateTime, TextClause, Uuid, bindparam, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.db import add_rows
from app.kit import clock
from app.kit.errors import Conflict
from app.outbox.events import Event
from app.outbox.models import OutboxEvent, Task, TaskState


def emit(session: Session, *events: Event) -> None:
    """Write facts in the transaction that makes them true; the relay tells them after the commit."""
    if not events:
        return
    now = clock.now()
    add_rows(
        session,
        OutboxEvent,
        [
            {
                "topic": event.topic,
                "key": event.key,
                "organisation_id": event.organisation,
                "payload": event.payload(),
                "created_at": now,
            }
            for event in events
        ],
    )


def emit_parts(session: Session, event: Event, field: str, ids: str, *, at_once: int) -> None:
    """Write one fact for each ``at_once`` of the ids that are found, in their order. ``event``: the fact, with any
    ``field``. ``ids``: a SELECT of ``id``, without values."""
    told = {
        "topic": event.topic,
        "key": event.key,
        "organisation": event.organisation,
        "payload": {**event.payload(), field: []},
        "now": clock.now(),
        "at_once": at_once,
    }
    session.execute(_parts(field, ids), told)


@cache
def _parts(field: str, ids: str) -> TextClause:
    # A name of a field and a statement of our own.
    return text(
        f"""
        insert into outbox_events (topic, key, organisation_id, payload, created_at)
        select :topic, :key, :organisation,
            jsonb_set(:payload, '{{{field}}}', to_jsonb(array_agg(id order by id))), :now
        from (select id, (row_number() over (order by id) - 1) / :at_once as part from ({ids}) as found) as numbered
        group by part order by part
        """  # noqa: S608
    ).bindparams(
        bindparam("organisation", type_=Uuid),
        bindparam("payload", type_=JSONB),
        bindparam("now", type_=DateTime(timezone=True)),
    )


def retry_tasks(session: Session, task_ids: list[UUID]) -> int:
    """Give dead tasks a fresh start. Returns how many; those no longer dead are left alone."""
    now = clock.now()
    done = session.execute(
        update(Task)
        .where(Task.id.in_(task_ids), Task.state == TaskState.DEAD)
        .values(state=TaskState.PENDING, attempts=0, available_at=now, finished_at=None, coalesce_key=None)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def skip_task(session: Session, task_id: UUID, reason: str) -> None:
    """Give up on a dead task, with a reason. Raises ``Conflict`` when it is not dead."""
    done = session.execute(
        update(Task)
        .where(Task.id == task_id, Task.state == TaskState.DEAD)
        .values(state=TaskState.SKIPPED, last_error=f"Skipped: {reason}")
    )
    if done.rowcount == 0:  # type: ignore[attr-defined]
        raise Conflict("Only a task that has given up can be skipped.", code="task_not_dead")
