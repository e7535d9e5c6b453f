"""Reads over the outbox and the tasks, for the console, health and metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, page_of
from app.outbox.models import OutboxEvent, Task, TaskState

OPEN = (TaskState.PENDING, TaskState.ENQUEUED, TaskState.RUNNING)


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """How one queue stands. ``oldest_due`` is the time at which its longest-waiting due task became due."""

    queue: str
    waiting: int
    running: int
    dead: int
    oldest_due: datetime | None


def queue_figures(session: Session) -> Sequence[QueueFigures]:
    """Every queue that has open or dead tasks."""
    waiting = func.count().filter(Task.state.in_((TaskState.PENDING, TaskState.ENQUEUED)))
    oldest = func.min(Task.available_at).filter(
        Task.state.in_((TaskState.PENDING, TaskState.ENQUEUED)), Task.available_at <= func.now()
    )
    rows = session.execute(
        select(
            Task.queue,
            waiting,
            func.count().filter(Task.state == TaskState.RUNNING),
            func.count().filter(Task.state == TaskState.DEAD),
            oldest,
        )
        .where(Task.state.in_((*OPEN, TaskState.DEAD)))
        .group_by(Task.queue)
        .order_by(Task.queue)
    )
    return [QueueFigures(*row) for row in rows]


def open_events(session: Session) -> tuple[int, datetime | None]:
    """How many facts wait to be told, and since when the oldest does."""
    count, oldest = session.execute(
        select(func.count(), func.min(OutboxEvent.created_at)).where(OutboxEvent.state == 0)
    ).one()
    return int(count), oldest


def tasks(session: Session, *, state: TaskState | None, job: str | None, limit: int, cursor: str | None) -> Page[Task]:
    """Tasks, newest first."""
    limit = min(limit, LARGEST_LIMIT)
    query = select(Task).order_by(Task.id.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(Task.state == state)
    if job:
        query = query.where(Task.job == job)
    if cursor:
        query = query.where(Task.id < decode_cursor(cursor, 1)[0])
    return page_of(session.scalars(query).all(), limit, lambda task: [task.id])


def dead_groups(session: Session) -> Sequence[tuple[str, str, int, datetime | None]]:
    """Dead tasks grouped by job and error: job, error, count, newest."""
    rows = session.execute(
        select(Task.job, func.coalesce(Task.last_error, ""), func.count(), func.max(Task.finished_at))
        .where(Task.state == TaskState.DEAD)
        .group_by(Task.job, func.coalesce(Task.last_error, ""))
        .order_by(func.count().desc())
        .limit(50)
    )
    return [(job, error, count, newest) for job, error, count, newest in rows]
