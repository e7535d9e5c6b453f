"""Tables of the outbox and of the tasks that grow out of it."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, SmallInteger, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import BIG, SYSTEM, SYSTEM_INSERTABLE, Base


class OutboxEvent(Base):
    """A fact, in the words of the domain that made it (``orders.placed``). Facts about the same thing carry
    the same ``key`` and are told in the order of their ids."""

    __tablename__ = "outbox_events"
    __tenancy__ = SYSTEM_INSERTABLE
    __table_args__ = (
        Index("ix_outbox_events_open", "id", postgresql_where=text("state = 0")),
        Index(None, "created_at"),
        {"postgresql_with": {"fillfactor": "80", "autovacuum_vacuum_scale_factor": "0.01"}},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    topic: Mapped[str]
    key: Mapped[str]
    organisation_id: Mapped[UUID | None]
    payload: Mapped[dict[str, Any]]
    #: 0 open, 1 fanned out into tasks.
    state: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    created_at: Mapped[datetime]


class TaskState(IntEnum):
    """Where a task stands. PENDING waits in the database, ENQUEUED is also in Redis, DEAD needs a person."""

    PENDING = 0
    ENQUEUED = 1
    RUNNING = 2
    DONE = 3
    DEAD = 4
    SKIPPED = 5


class Task(Base):
    """One run of one job, owed. This row, not Redis, says whether it was done.

    A worker claims it for a lease; ``attempts`` is the fencing number that its last statement must match, so a
    worker that lost its lease changes nothing.
    """

    __tablename__ = "tasks"
    __tenancy__ = SYSTEM
    __table_args__ = (
        UniqueConstraint("event_id", "job"),
        UniqueConstraint("inbox_id"),
        UniqueConstraint("tick"),
        Index("ix_tasks_due", "queue", "available_at", "id", postgresql_where=text("state = 0")),
        Index("ix_tasks_open_key", "job", "key", "id", postgresql_where=text("state in (0, 1, 2)")),
        # Two tasks with one key are never in flight together, even if two relays were to run.
        Index("uq_tasks_in_flight_key", "job", "key", unique=True, postgresql_where=text("state in (1, 2)")),
        Index(
            "uq_tasks_coalesced",
            "job",
            "coalesce_key",
            unique=True,
            postgresql_where=text("state in (0, 1) and coalesce_key is not null"),
        ),
        Index("ix_tasks_in_flight", "state", "enqueued_at", postgresql_where=text("state in (1, 2)")),
        Index("ix_tasks_dead", "finished_at", postgresql_where=text("state = 4")),
        Index(None, "created_at"),
        {"postgresql_with": {"fillfactor": "70", "autovacuum_vacuum_scale_factor": "0.01"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    job: Mapped[str]
    queue: Mapped[str]
    #: Tasks of one job with the same key run one after another, in the order of their ids.
    key: Mapped[str]
    #: A state-like job has at most one waiting task per coalescing key: a hundred changes, one push.
    coalesce_key: Mapped[str | None]
    payload: Mapped[dict[str, Any]]
    organisation_id: Mapped[UUID | None]
    event_id: Mapped[int | None] = mapped_column(BIG)
    inbox_id: Mapped[UUID | None]
    #: Names one tick of one schedule, so that two clocks make one task.
    tick: Mapped[str | None]
    state: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    attempts: Mapped[int] = mapped_column(server_default="0")
    available_at: Mapped[datetime] = mapped_column(server_default=func.now())
    enqueued_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    #: Why the last run failed: our own words and a code, never what somebody outside wrote.
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
