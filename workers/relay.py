"""The relay: from facts and hooks to tasks, and from tasks to Redis.

PostgreSQL is the queue; Redis only wakes workers. The relay keeps Redis' lists short (a window per queue), so a
wiped or restarted Redis loses nothing but seconds, and a long backlog of one tenant can't stand before another's.
One relay works at a time, by an advisory lock; others wait for it to end.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import redis
from rq import Queue as RedisQueue
from rq.serializers import JSONSerializer
from sqlalchemy import (
    BigInteger,
    Integer,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    column,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, aliased

from app import db, log
from app.db import table_of
from app.inbox.models import InboxMessage
from app.kit.crash import crash_point
from app.outbox.models import OutboxEvent, Task, TaskState
from workers.job import QUEUES, Job, Queue
from workers.new_tasks import add_tasks, task_row
from workers.registry import hearers, job_named, jobs

LEADER_LOCK = 7241003
#: Tasks of one queue that may be in Redis at a time.
WINDOW = 60
_EVENTS_AT_ONCE = 500
#: A task that Redis should have, with nothing left in Redis' list, is sent again after this.
_LOST_AFTER = timedelta(seconds=3)
#: The same while Redis' list is not empty: it may only be slow.
_SLOW_AFTER = timedelta(seconds=30)
_SWEEP_SECONDS = 1.0
_SHORTEST_NAP, _LONGEST_NAP = 0.05, 0.1
#: The jobs that handle hooks: a store's source is its platform and name, a payment processor's its name alone.
READ_INBOX, READ_PAYMENT_HOOK = "read_inbox", "read_payment_hook"

logger = log.get("workers.relay")


class Relay:
    """One pass after another; ``step`` says whether there was anything to do."""

    def __init__(self, connection: redis.Redis) -> None:
        self._redis = connection
        self._queues = {name: RedisQueue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES}
        self._next_sweep = 0.0

    @property
    def is_to_sweep(self) -> bool:
        """Whether it is time to look for what got lost."""
        return time.monotonic() >= self._next_sweep

    def step(self) -> bool:
        """Tell what is new, hand out what is due, and now and then look for what got lost."""
        with db.system_scope(actor="relay"):
            if self.is_to_sweep:
                self._sweep()
                self._next_sweep = time.monotonic() + _SWEEP_SECONDS
            with db.transaction() as session:
                facts, hooks = session.connection().execute(_NEW).one()
                if facts:
                    self._tell_facts(session)
                if hooks:
                    self._take_hooks(session)
                chosen = self._hand_out(session)
            crash_point("relay.after_commit")
            self._push(chosen)
        return bool(facts or hooks or chosen)

    def _tell_facts(self, session: Session) -> None:
        """Fan facts out into tasks, one for each job that hears them."""
        events = (
            session.connection()
            .execute(
                select(
                    OutboxEvent.id,
                    OutboxEvent.topic,
                    OutboxEvent.key,
                    OutboxEvent.organisation_id,
                    OutboxEvent.payload,
                )
                .where(OutboxEvent.state == 0)
                .order_by(OutboxEvent.id)
                .limit(_EVENTS_AT_ONCE)
                .with_for_update(skip_locked=True)
            )
            .all()
        )
        heard = hearers()
        wanted: dict[str, Callable[[Mapping[str, Any]], bool]] = {}

        def is_worth(job: Job[Any], payload: Mapping[str, Any]) -> bool:
            if job.wanted is None:
                return True
            if job.name not in wanted:
                its_own = [event.payload for event in events if job in heard.get(event.topic, ())]
                wanted[job.name] = job.wanted(session, its_own)
            return wanted[job.name](payload)

        rows = [
            task_row(
                job=job.name,
                key=event.key,
                payload={"topic": event.topic, "event": event.payload},
                organisation_id=event.organisation_id,
                event_id=event.id,
            )
            for event in events
            for job in heard.get(event.topic, ())
            if is_worth(job, event.payload)
        ]
        add_tasks(session, rows)
        session.connection().execute(_TOLD, {"told": [event.id for event in events]})
        crash_point("relay.before_commit")

    def _take_hooks(self, session: Session) -> None:
        """Make a task for every hook that came in."""
        messages = (
            session.connection()
            .execute(
                select(InboxMessage.id, InboxMessage.source)
                .where(InboxMessage.state == 0)
                .order_by(InboxMessage.received_at)
                .limit(_EVENTS_AT_ONCE)
                .with_for_update(skip_locked=True)
            )
            .all()
        )
        rows = [
            # Each hook stands alone: handling is idempotent and does not rest on the order of arrival.
            task_row(
                job=READ_INBOX if ":" in message.source else READ_PAYMENT_HOOK,
                key=str(message.id),
                payload={"inbox_id": str(message.id)},
                inbox_id=message.id,
            )
            for message in messages
        ]
        add_tasks(session, rows)
        session.connection().execute(_TAKEN, {"taken": [message.id for message in messages]})

    def _hand_out(self, session: Session) -> list[_Due]:
        """Choose due tasks for Redis, as many as the windows allow, fairly between organisations."""
        chosen: list[_Due] = []
        for queue, in_flight, due in session.connection().execute(
            _STANDING, {"queues": list(QUEUES), "counted": _COUNTED}
        ):
            room = WINDOW - in_flight
            # Looking through a backlog costs the same for one task as for many: it waits until there is room.
            if due and room >= due:
                chosen += _due(session, queue, room)
        if chosen:
            session.connection().execute(_CHOSEN, {"chosen": [task.id for task in chosen]})
        return chosen

    def _sweep(self) -> None:
        """Find tasks whose worker died or whose entry in Redis is gone, and put them back to work."""
        with db.transaction() as session:
            left = session.connection().execute(_DEAD_WORKERS, _tries()).all()
            lost = [_Due(*row) for row in session.connection().execute(_LOST, {"empty": self._empty()})]
        for job, state in left:
            logger.warning("worker died" if state == TaskState.PENDING else "task dead", job_name=job)
        if lost:
            logger.warning("tasks sent again", count=len(lost))
            self._push(lost)

    def _empty(self) -> list[str]:
        """Queues with nothing left in Redis' list."""
        with self._redis.pipeline(transaction=False) as pipeline:
            for queue in self._queues.values():
                pipeline.llen(queue.key)
            return [name for name, left in zip(self._queues, pipeline.execute(), strict=True) if not left]

    def _push(self, tasks: Iterable[_Due]) -> None:
        """Put tasks into Redis' lists, in their order, several to an entry as their jobs allow. One that was tried
        before travels alone: if it takes its worker down, those that it travelled with have lost one attempt at most.
        """
        by_queue: defaultdict[Queue, list[_Entry]] = defaultdict(list)
        for task in tasks:
            declared = job_named(task.job)
            entries = by_queue[declared.queue]
            share = 1.0 if task.attempts else 1 / declared.batch
            if not entries or entries[-1].filled + share > _FULL:
                entries.append(_Entry())
            entries[-1].tasks.append(str(task.id))
            entries[-1].filled += share
            entries[-1].timeout += declared.timeout
        for name, entries in by_queue.items():
            self._queues[name].enqueue_many(
                [
                    RedisQueue.prepare_data(
                        "workers.run.run",
                        args=(entry.tasks,),
                        timeout=entry.timeout,
                        result_ttl=0,
                        failure_ttl=60,
                        ttl=600,
                    )
                    for entry in entries
                ]
            )


class _Due(NamedTuple):
    """A task that goes to Redis."""

    id: UUID
    job: str
    attempts: int


@dataclass(slots=True)
class _Entry:
    """One entry of Redis' list: its tasks, the share of a trip that they fill, and their seconds together."""

    tasks: list[str] = field(default_factory=list)
    filled: float = 0.0
    timeout: int = 0


#: A trip's whole, and what ten tenths may differ from it.
_FULL = 1 + 1e-9


def run_for_ever(connection: redis.Redis) -> None:
    """Be the relay, or stand by until the one that is ends."""
    relay = Relay(connection)
    nap = _SHORTEST_NAP
    trouble = 0.1
    while True:
        try:
            with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as leader:
                # Its own, closed at the end of this: in the pool it would keep the lock, from ourselves too.
                leader.detach()
                _lead(leader)
                while True:
                    busy = (_is_work_there(leader) or relay.is_to_sweep) and relay.step()
                    nap = _SHORTEST_NAP if busy else min(_LONGEST_NAP, nap * 1.5)
                    trouble = 0.1
                    time.sleep(nap)
        except (*db.DATABASE_TROUBLE, redis.RedisError) as error:
            logger.warning("relay waits", reason=type(error).__name__)
            time.sleep(trouble)
            trouble = min(2.0, trouble * 2)


def _lead(connection: Connection) -> None:
    while not connection.scalar(text("select pg_try_advisory_lock(:lock)"), {"lock": LEADER_LOCK}):
        time.sleep(0.5)
    # There are no transactions here that it could be set for.
    connection.exec_driver_sql("select set_config('role', %s, false)", (db.JOB_ROLE,))


def _is_work_there(leader: Connection) -> bool:
    """Whether there is anything to tell, take or hand out: one trip, since most looks find nothing. The lock lives
    as long as its connection; a dead connection raises here."""
    return bool(leader.scalar(_WORK, {"queues": list(QUEUES)}))


_TOLD = (
    update(table_of(OutboxEvent))
    .where(OutboxEvent.id == any_(bindparam("told", type_=ARRAY(BigInteger))))
    .values(state=1)
)
_TAKEN = (
    update(table_of(InboxMessage)).where(InboxMessage.id == any_(bindparam("taken", type_=ARRAY(Uuid)))).values(state=1)
)
_CHOSEN = (
    update(table_of(Task))
    .where(Task.id == any_(bindparam("chosen", type_=ARRAY(Uuid))))
    .values(state=TaskState.ENQUEUED, enqueued_at=func.now())
)

#: The names of jobs, and in the same order how often a task of each is tried.
_TRIES = (
    func.unnest(bindparam("jobs", type_=ARRAY(Text)), bindparam("tries", type_=ARRAY(Integer)))
    .table_valued(column("job", Text), column("tries", Integer))
    .render_derived(name="known")
)
_SPENT = exists().where(_TRIES.c.job == Task.job, _TRIES.c.tries <= Task.attempts)
#: Tasks whose worker died go back, or have had their last try; another task of their key may wait by now.
_DEAD_WORKERS = (
    update(table_of(Task))
    .where(Task.state == TaskState.RUNNING, Task.lease_until < func.now())
    .values(
        state=case((_SPENT, TaskState.DEAD), else_=TaskState.PENDING),
        finished_at=case((_SPENT, func.now())),
        last_error="Its worker died, or lost the database, before it was done.",
        lease_until=None,
        available_at=func.now(),
        coalesce_key=None,
    )
    .returning(Task.job, Task.state)
)


def _tries() -> Mapping[str, list[Any]]:
    """What ``_DEAD_WORKERS`` is asked with."""
    known = jobs().values()
    return {"jobs": [one.name for one in known], "tries": [one.max_attempts for one in known]}


#: Tasks that Redis should have and has no more, where ``empty`` are the queues with nothing left in Redis' list.
_LOST = (
    update(table_of(Task))
    .where(
        Task.state == TaskState.ENQUEUED,
        Task.enqueued_at < func.now() - _LOST_AFTER,
        or_(Task.queue == any_(bindparam("empty", type_=ARRAY(Text))), Task.enqueued_at < func.now() - _SLOW_AFTER),
    )
    .values(enqueued_at=func.now())
    .returning(Task.id, Task.job, Task.attempts)
)

#: Whether there are facts to tell, and hooks to take.
_NEW = select(exists().where(OutboxEvent.state == 0), exists().where(InboxMessage.state == 0))

#: Whether there are facts, hooks or due tasks.
_WORK = text(
    """
    select exists(select from outbox_events where state = 0) or exists(select from inbox_messages where state = 0)
        or exists(
            select from unnest(cast(:queues as text[])) as each(queue)
            where exists(select from tasks where state = 0 and queue = each.queue and available_at <= now())
        )
    """
)

#: How many due tasks of a queue are counted: whether there are more makes no difference.
_COUNTED = WINDOW // 2
#: For each queue: how many of its tasks are in Redis (state 1), and how many are due, as far as they are counted.
_STANDING = text(
    """
    select each.queue, coalesce(sent.tasks, 0), (
        select count(*) from (
            select 1 from tasks where state = 0 and queue = each.queue and available_at <= now() limit :counted
        ) as due
    )
    from unnest(cast(:queues as text[])) as each(queue)
    left join (select queue, count(*) as tasks from tasks where state = 1 group by queue) as sent
        on sent.queue = each.queue
    """
)


_OTHER = aliased(Task)
#: The first due tasks of each key, those that wait longest first. Made once: that costs more than asking.
_DUE = (
    select(Task.id, Task.job, Task.attempts, Task.organisation_id)
    .where(
        Task.state == TaskState.PENDING,
        Task.queue == bindparam("of_queue"),
        Task.available_at <= func.now(),
        ~exists().where(
            _OTHER.job == Task.job,
            _OTHER.key == Task.key,
            _OTHER.state.in_((TaskState.PENDING, TaskState.ENQUEUED, TaskState.RUNNING)),
            or_(_OTHER.id < Task.id, and_(_OTHER.id > Task.id, _OTHER.state != TaskState.PENDING)),
        ),
    )
    .order_by(Task.available_at, Task.id)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True, of=Task)
)


def _due(session: Session, queue: str, room: int) -> list[_Due]:
    """Due tasks of a queue: the first of each key, taking turns between organisations."""
    candidates = session.connection().execute(_DUE, {"of_queue": queue, "at_most": room * 5}).all()
    turns: defaultdict[Any, deque[_Due]] = defaultdict(deque)
    for row in candidates:
        turns[row.organisation_id].append(_Due(row.id, row.job, row.attempts))
    chosen: list[_Due] = []
    while turns and len(chosen) < room:
        for organisation_id in list(turns):
            chosen.append(turns[organisation_id].popleft())
            if not turns[organisation_id]:
                del turns[organisation_id]
    return chosen[:room]
