"""How a job is declared, and what it is given when it runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Generic, Literal, TypeVar, cast
from uuid import UUID

from pydantic import TypeAdapter
from rq.timeouts import JobTimeoutException
from sqlalchemy import Integer, Uuid, and_, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import db
from app.db import table_of
from app.kit.crash import crash_point
from app.outbox.events import Event
from app.outbox.models import Task, TaskState

#: The queues, each with a worker process of its own, so that slow work never holds up quick work.
Queue = Literal["quick", "stores", "money", "letters", "webhooks", "bulk"]
QUEUES: tuple[Queue, ...] = ("quick", "stores", "money", "letters", "webhooks", "bulk")
#: A task that gathers takes no more once it has this many entries, and waits so many seconds for more.
GATHERED_AT_MOST = 1000
GATHERED_FOR = 0.5
#: How long tasks that are one transaction wait for a lock.
_PATIENCE_TOGETHER_MS = 200

#: Asked once for the fields of many facts, all of them such as the job hears: what tells of each whether it is to.
Wanted = Callable[[Session, Sequence[Mapping[str, Any]]], Callable[[Mapping[str, Any]], bool]]

E = TypeVar("E")
T = TypeVar("T")


class LeaseLost(Exception):
    """Another worker has taken the task over; nothing that this one does may count."""


def ends_run(error: Exception) -> bool:
    """Whether an error at one of several things ends the whole run: another worker has it, its time is over, or the
    database is away. Any other is that one thing's own, and keeps no other waiting."""
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or isinstance(error, LeaseLost | JobTimeoutException)


class RetryLater(Exception):
    """The work can't be done yet. It is tried again at ``at`` (default: by the usual back-off)."""

    def __init__(self, reason: str, *, at: datetime | None = None) -> None:
        super().__init__(reason)
        self.at = at


class GiveUp(Exception):
    """Trying again is useless; a person must look at it."""


_MINE = update(table_of(Task)).where(
    Task.id == bindparam("of_task"), Task.attempts == bindparam("of_attempt"), Task.state == TaskState.RUNNING
)
_STILL_MINE = _MINE.values(lease_until=Task.lease_until)
_DONE = _MINE.values(state=TaskState.DONE, finished_at=func.now(), last_error=None)
#: Several runs in one statement: ``of_tasks`` and ``of_attempts``, in the same order.
RUNS_NAMED = (
    func.unnest(bindparam("of_tasks", type_=ARRAY(Uuid)), bindparam("of_attempts", type_=ARRAY(Integer)))
    .table_valued(column("task", Uuid), column("attempt", Integer))
    .render_derived(name="mine")
)
#: The rows of those that are still theirs, locked in the order of their ids: whoever changes several of them does so
#: in this order, and so none waits for another in a ring.
RUNS_LOCKED = (
    select(table_of(Task).c.id)
    .join(
        RUNS_NAMED,
        and_(table_of(Task).c.id == RUNS_NAMED.c.task, table_of(Task).c.attempts == RUNS_NAMED.c.attempt),
    )
    .where(table_of(Task).c.state == TaskState.RUNNING)
    .order_by(table_of(Task).c.id)
    .with_for_update(of=table_of(Task))
    .cte("locked")
)
_ALL_DONE = (
    update(table_of(Task))
    .where(table_of(Task).c.id == RUNS_LOCKED.c.id)
    .values(state=TaskState.DONE, finished_at=func.now(), last_error=None)
)


@dataclass(slots=True)
class Run:
    """One run of a job: which task, which attempt, and transactions that respect the lease."""

    task_id: UUID
    job: str
    attempt: int
    payload: Mapping[str, Any]
    finished: bool = False
    _ending: bool = False

    def key(self, step: str) -> str:
        """An idempotency key for a call out: the same on every attempt of this task."""
        return f"{self.task_id}:{step}"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction in the middle of the work. It commits only while the lease is held."""
        with db.transaction() as session:
            yield session
            session.flush()
            ends = self._ending
            done = session.connection().execute(
                _DONE if ends else _STILL_MINE, {"of_task": self.task_id, "of_attempt": self.attempt}
            )
            if done.rowcount == 0:
                raise LeaseLost(str(self.task_id))
            if ends:
                crash_point("job.before_commit")
        self.finished = ends

    def each(self, items: Iterable[T], do: Callable[[Session, T], object]) -> None:
        """A transaction for each of several things, in turn. One that goes wrong does not keep those behind it waiting,
        now or the next time; the first such error is raised when all were tried, so that it is seen."""
        wrong: Exception | None = None
        for item in items:
            try:
                with self.transaction() as session:
                    do(session, item)
            except Exception as error:
                if ends_run(error):
                    raise
                wrong = wrong or error
        if wrong is not None:
            raise wrong

    def end(self) -> None:
        """Within a transaction of this run: it turns out to be the last one, as if it were ``closing``."""
        self._ending = True

    @contextmanager
    def closing(self) -> Iterator[Session]:
        """The last transaction of the work: its effect and the task's end are one commit."""
        self._ending = True
        try:
            with self.transaction() as session:
                yield session
        finally:
            self._ending = False


def named(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """Runs as ``RUNS_NAMED`` takes them."""
    return {"of_tasks": [run.task_id for run in runs], "of_attempts": [run.attempt for run in runs]}


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of several tasks of one job, whose effects and ends are one commit."""

    runs: Sequence[Run]

    @contextmanager
    def closing(self) -> Iterator[Session]:
        """The transaction of the work. It commits only while the leases of all tasks are held."""
        with db.transaction() as session:
            if len(self.runs) > 1:
                # What one of them waits for is waited for where it is alone.
                session.connection().exec_driver_sql(f"set local lock_timeout = {_PATIENCE_TOGETHER_MS}")
            yield session
            session.flush()
            done = session.connection().execute(_ALL_DONE, named(self.runs))
            if done.rowcount < len(self.runs):
                raise LeaseLost(f"one of {len(self.runs)}")
            crash_point("job.before_commit")
        for run in self.runs:
            run.finished = True


@dataclass(frozen=True, slots=True)
class Job(Generic[E]):
    """A declared job. ``name`` is its file's name."""

    name: str
    function: Callable[[Any, Any], None]
    queue: Queue
    on: tuple[type[Event], ...]
    every: str | None
    coalesce: bool
    gather: str | None
    max_attempts: int
    timeout: int
    batch: int
    together: bool
    wanted: Wanted | None

    def event_of(self, topic: str, payload: Mapping[str, Any]) -> Any:
        """The event that a task carries, rebuilt from its payload."""
        for event in self.on:
            if event.topic == topic:
                return _reader(cast(Hashable, event)).validate_python(dict(payload))
        raise LookupError(f"{self.name} does not hear {topic}")


@cache
def _reader(event: Hashable) -> TypeAdapter[Any]:
    """What reads an event from a payload. Making one costs more than a task."""
    return TypeAdapter(cast(Any, event))


def job(
    *,
    queue: Queue,
    on: type[Event] | tuple[type[Event], ...] = (),
    every: str | None = None,
    coalesce: bool = False,
    gather: str | None = None,
    max_attempts: int = 20,
    timeout: int = 60,
    batch: int = 1,
    together: bool = False,
    wanted: Wanted | None = None,
) -> Callable[[Callable[[Any, Any], None]], Job[Any]]:
    """Declare a job.

    ``on``: the events it hears. ``every``: a cron line in UTC (six fields: the last is seconds).
    ``coalesce``: a waiting task of the same key stands for any number of events; the job must look at the state
    of things, not at the event. ``gather``: a list among the events' fields; a waiting task takes over the entries
    of later events of its key, so that a hundred changes are one run (up to ``GATHERED_AT_MOST`` entries or so).
    ``timeout``: seconds before a run is cut off. ``batch``: how many tasks one trip through Redis may carry; where
    it carries several jobs', each takes its share. ``together``: tasks of one trip are one transaction: the function
    gets ``Runs`` and a list of events, and ``timeout`` seconds for all of them; where that fails, each task alone.
    ``wanted``: of the events it hears, those that are worth a task.
    """
    heard = on if isinstance(on, tuple) else (on,)

    def declare(function: Callable[[Any, Any], None]) -> Job[Any]:
        return Job(
            name=function.__module__.rsplit(".", 1)[-1],
            function=function,
            queue=queue,
            on=heard,
            every=every,
            coalesce=coalesce,
            gather=gather,
            max_attempts=max_attempts,
            timeout=timeout,
            batch=batch,
            together=together,
            wanted=wanted,
        )

    return declare
