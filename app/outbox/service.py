"""Writing facts into the outbox, and putting tasks that died back to work."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
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


def emit_parts(session: Session, events: Sequence[Event], field: str, ids: str, *, at_once: int) -> None:
    """Write facts of many ids, which the database finds: they are put in order and cut into parts of ``at_once``, and
    each of ``events`` is written once for each part that has an id for it.

    ``field``: the field of the events that gets a part's ids, whatever is in it. ``ids``: a SELECT, without values, of
    ``id`` and of ``told_0``, ``told_1`` and so on, which say whether the event at that place tells of the id."""
    told: dict[str, Any] = {"now": clock.now(), "at_once": at_once}
    for place, event in enumerate(events):
        told |= {
            f"topic_{place}": event.topic,
            f"key_{place}": event.key,
            f"organisation_{place}": event.organisation,
            f"payload_{place}": {**event.payload(), field: []},
        }
    session.execute(_parts(len(events), field, ids), told)


@cache
def _parts(kinds: int, field: str, ids: str) -> TextClause:
    # A name of a field and a statement of our own.
    lists = ", ".join(f"array_agg(id order by id) filter (where told_{one}) as ids_{one}" for one in range(kinds))
    facts = ", ".join(
        f"({one}, :topic_{one}, :key_{one}, :organisation_{one}, :payload_{one}, ids_{one})" for one in range(kinds)
    )
    statement = text(
        f"""
        insert into outbox_events (topic, key, organisation_id, payload, created_at)
        select topic, key, organisation_id, jsonb_set(payload, '{{{field}}}', to_jsonb(ids)), :now
        from (
            select part, {lists}
            from (select *, (row_number() over (order by id) - 1) / :at_once as part from ({ids}) as found) as numbered
            group by part
        ) as parted, lateral (values {facts}) as fact(kind, topic, key, organisation_id, payload, ids)
        where ids is not null order by kind, part
        """  # noqa: S608
    ).bindparams(bindparam("now", type_=DateTime(timezone=True)))
    for one in range(kinds):
        statement = statement.bindparams(
            bindparam(f"organisation_{one}", type_=Uuid), bindparam(f"payload_{one}", type_=JSONB)
        )
    return statement


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
