"""Writing facts into the outbox, and putting tasks that died back to work."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import DateTime, Select, Uuid, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.orm import Session

from app.db import add_rows, table_of
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


def emit_parts(session: Session, event: Event, field: str, ids: Select[UUID], *, at_once: int) -> None:
    """Write one fact for each ``at_once`` of the ids that are found, in their order. ``event``: the fact, with any
    ``field``."""
    found = ids.subquery()
    one = found.c[0]
    numbered = select(one.label("id"), (func.row_number().over(order_by=one) - 1).label("place")).subquery()
    listed = func.jsonb_agg(aggregate_order_by(numbered.c.id, numbered.c.id))
    parts = select(
        literal(event.topic),
        literal(event.key),
        literal(event.organisation, Uuid),
        literal(event.payload(), JSONB).op("||")(func.jsonb_build_object(literal(field), listed)),
        literal(clock.now(), DateTime(timezone=True)),
    ).group_by(numbered.c.place.op("/")(at_once))
    names = ["topic", "key", "organisation_id", "payload", "created_at"]
    session.execute(insert(table_of(OutboxEvent)).from_select(names, parts.order_by(func.min(numbered.c.place))))


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
