"""Running the background work from a test: deterministic, in this process, on the real Redis."""

from __future__ import annotations

from datetime import timedelta

import redis
from rq import Queue as RedisQueue
from rq.serializers import JSONSerializer
from sqlalchemy import bindparam, exists, func, select, update
from sqlalchemy.orm import aliased

from app import db
from app.kit import clock
from app.outbox.models import Task, TaskState
from workers.clock import Clock
from workers.job import QUEUES
from workers.new_tasks import add_tasks, task_row
from workers.registry import jobs
from workers.relay import Relay
from workers.worker import PlainWorker, connect

_ROUNDS = 200
_OPEN = (TaskState.PENDING, TaskState.ENQUEUED, TaskState.RUNNING)
# Written once: they are asked so often that putting them together counted.
_older = aliased(Task)
#: How many tasks could be run now; one behind an older one of its key, which waits, could not.
_DUE = (
    select(func.count())
    .select_from(Task)
    .where(
        Task.state.in_(_OPEN),
        Task.available_at <= func.now(),
        ~exists().where(
            _older.job == Task.job,
            _older.key == Task.key,
            _older.id < Task.id,
            _older.state.in_(_OPEN),
            _older.available_at > func.now(),
        ),
    )
)
#: What waits is due: all, or what waits for more changes to be gathered.
_MAKE_ALL_DUE = (
    update(Task)
    .where(Task.state == TaskState.PENDING, Task.available_at > func.now())
    .values(available_at=func.now())
    .execution_options(synchronize_session=False)
)
_MAKE_GATHERED_DUE = _MAKE_ALL_DUE.where(Task.job.in_(bindparam("gathering", expanding=True)), Task.attempts == 0)


class _Undirected(PlainWorker):
    """A worker for one round: it takes no commands from afar (to stop listening for them costs a third of a second)
    and leaves Redis' registries as they are."""

    should_run_maintenance_tasks = False

    def subscribe(self) -> None:
        """Nobody sends commands here."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed to."""


class Jobs:
    """The relay, the clock and the workers, one round at a time."""

    def __init__(self, redis_url: str) -> None:
        self._connection: redis.Redis = connect(redis_url)
        self.relay = Relay(self._connection)

    def drain(self, *, retries: bool = False) -> None:
        """Run until nothing is due. With ``retries``, tasks that wait to be tried again are due at once."""
        for _ in range(_ROUNDS):
            self._make_due(retries=retries)
            busy = self.relay.step()
            if busy or self._is_filled():
                self._work()
            if not busy and not self._due():
                return
        raise AssertionError(f"still busy after {_ROUNDS} rounds: {self.open_tasks()}")

    def new_relay(self) -> Relay:
        """A relay that has just started, which looks for lost tasks at once."""
        return Relay(self._connection)

    def tick(self, ahead: timedelta = timedelta(0)) -> None:
        """Let the clock strike once, as if ``ahead`` from now, and run what it starts."""
        Clock().tick(clock.now() + ahead)
        self.drain()

    def run_scheduled(self, name: str) -> None:
        """Run one scheduled job now."""
        with db.system_scope(actor="test"), db.transaction() as session:
            add_tasks(session, [task_row(job=name, key="clock", payload={"tick": clock.iso(clock.now())})])
        self.drain()

    def open_tasks(self) -> list[tuple[str, int, str | None]]:
        """Tasks that are not done: job, state, last error."""
        with db.system_scope(actor="test"), db.transaction() as session:
            rows = session.execute(
                select(Task.job, Task.state, Task.last_error).where(
                    Task.state.not_in((TaskState.DONE, TaskState.SKIPPED))
                )
            )
            return [(job, state, error) for job, state, error in rows]

    def forget(self) -> None:
        """Everything was deleted: nothing is on its way any more."""
        self._connection.flushdb()
        self.relay = Relay(self._connection)

    def close(self) -> None:
        """Leave Redis alone from now on."""
        self._connection.close()

    def _work(self) -> None:
        worker = _Undirected(list(QUEUES), connection=self._connection, serializer=JSONSerializer)
        worker.work(burst=True, logging_level="ERROR")

    def _is_filled(self) -> bool:
        """Whether Redis has work that was handed out earlier."""
        with self._connection.pipeline(transaction=False) as pipeline:
            for name in QUEUES:
                pipeline.llen(RedisQueue(name, connection=self._connection).key)
            return any(pipeline.execute())

    def _due(self) -> int:
        with db.system_scope(actor="test"), db.transaction() as session:
            return session.scalar(_DUE) or 0

    def _make_due(self, *, retries: bool) -> None:
        """Let nothing wait that could be done: neither for another try, nor for more changes to be gathered."""
        with db.system_scope(actor="test"), db.transaction() as session:
            if retries:
                session.execute(_MAKE_ALL_DUE)
            else:
                session.execute(_MAKE_GATHERED_DUE, {"gathering": [name for name, one in jobs().items() if one.gather]})
