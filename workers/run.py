"""The one function that Redis ever names: ``run(task ids)``.

The task's row decides: a worker claims it for a lease, renews the lease while it works, and closes it in the
transaction of its effect. What Redis says twice, late or not at all changes nothing.
"""

from __future__ import annotations

import random
import re
import traceback
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from rq.timeouts import JobTimeoutException, UnixSignalDeathPenalty
from sqlalchemy import Uuid, any_, bindparam, func, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError

from app import db, log
from app.db import table_of
from app.kit import clock
from app.kit.crash import crash_point
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from app.outbox.models import Task, TaskState
from workers.job import GiveUp, Job, LeaseLost, RetryLater, Run, Runs
from workers.leases import LEASE, leases
from workers.registry import job_named

_FIRST_DELAY = 2.0
_LONGEST_DELAY = 3600.0
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")

logger = log.get("workers.run")


def run(task_ids: list[str]) -> None:
    """Run tasks, one after another. Never raises: outcomes are in the tasks' rows."""
    with db.system_scope(actor="worker", request_id=task_ids[0]):
        runs = _claim([UUID(task_id) for task_id in task_ids])
    crash_point("job.claimed")
    with leases.held(runs):
        by_job: defaultdict[str, list[Run]] = defaultdict(list)
        for one in runs:
            by_job[one.job].append(one)
        for name, some in by_job.items():
            declared = job_named(name)
            if declared.together and len(some) > 1:
                _run_together(declared, some)
            for one in some:
                if not one.finished:
                    with db.system_scope(actor=f"job:{name}", request_id=str(one.task_id)):
                        _run_one(declared, one)


def _run_together(declared: Job[Any], runs: Sequence[Run]) -> None:
    """Several tasks as one. Where that fails nothing was done: those that are not finished are to be run alone, in the
    same attempt."""
    with db.system_scope(actor=f"job:{declared.name}", request_id=str(runs[0].task_id)):
        try:
            with _cut_off(declared):
                declared.function(Runs(runs), [_subject(declared, run) for run in runs])
                unfinished = [run for run in runs if not run.finished]
                if unfinished:
                    with Runs(unfinished).closing():
                        pass
        except (LeaseLost, JobTimeoutException, *db.DATABASE_TROUBLE) as error:
            # One of them is another worker's by now, waits for a lock, or takes long; or the database is away.
            reason = type(error.orig if isinstance(error, DBAPIError) else error).__name__
            logger.warning("to be run one by one", job_name=declared.name, tasks=len(runs), reason=reason)
        except Exception:
            logger.exception("to be run one by one", job_name=declared.name, tasks=len(runs))


def _cut_off(declared: Job[Any]) -> UnixSignalDeathPenalty:
    """What raises ``JobTimeoutException`` in its block once the job's seconds are over."""
    return UnixSignalDeathPenalty(declared.timeout, JobTimeoutException)  # type: ignore[no-untyped-call]


def _run_one(declared: Job[Any], run: Run) -> None:
    task_id = run.task_id
    try:
        with _cut_off(declared):
            if declared.together:
                declared.function(Runs([run]), [_subject(declared, run)])
            else:
                declared.function(run, _subject(declared, run))
            if not run.finished:
                with run.closing():
                    pass
    except LeaseLost:
        logger.warning("lease lost", job_name=declared.name, task=str(task_id))
    except JobTimeoutException:
        _fail(declared, run, f"Cut off after {declared.timeout} s.", None)
    except GiveUp as error:
        _fail(declared, run, f"GiveUp: {error}", None, final=True)
    except Rejected as error:
        # The other side's words may hold an address or a name: of them only the code is kept.
        logger.debug("rejected", job_name=declared.name, task=str(task_id), message=error.message)
        _fail(declared, run, f"Rejected: {_code(error)}", None, final=True)
    except CredentialsRefused as error:
        # A person connects again; until then it is tried with the usual, growing waits.
        _fail(declared, run, f"Access refused: {error}", None)
    except RateLimited as error:
        _fail(declared, run, f"Asked to wait: {error}", error.retry_after, counts=False)
    except RetryLater as error:
        delay = (error.at - clock.now()).total_seconds() if error.at else None
        _fail(declared, run, str(error), delay, counts=error.at is None)
    except Unavailable as error:
        _fail(declared, run, f"Unavailable: {error}", None)
    except DBAPIError as error:
        if error.connection_invalidated:
            logger.warning("database lost", job_name=declared.name, task=str(task_id))
            return
        _fail(declared, run, f"Database: {type(error.orig).__name__}", None)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        logger.exception("job failed", job_name=declared.name, task=str(task_id))
        _fail(declared, run, f"{type(error).__name__} at {place.name}:{place.lineno}", None)


def _code(error: Rejected) -> str:
    """The other side's code, where it is one and no sentence."""
    return error.code if _CODE.fullmatch(error.code) else "no code"


def _subject(declared: Job[Any], run: Run) -> Any:
    topic = run.payload.get("topic")
    return declared.event_of(topic, run.payload["event"]) if topic else run.payload


_CLAIM = (
    update(table_of(Task))
    .where(Task.id == any_(bindparam("tasks", type_=ARRAY(Uuid))), Task.state == TaskState.ENQUEUED)
    .values(state=TaskState.RUNNING, attempts=Task.attempts + 1, lease_until=func.now() + LEASE)
    .returning(Task.id, Task.job, Task.attempts, Task.payload)
)


def _claim(task_ids: Sequence[UUID]) -> list[Run]:
    """Take tasks for a lease, in their order; those that are not to be done now, or that another worker has, are
    left out. All of them have an attempt less then, those too that a worker that dies had not begun: what counts them
    is what tells one claim from another, and may not go back. The relay sends them alone from then on."""
    try:
        with db.transaction() as session:
            rows = {row.id: row for row in session.connection().execute(_CLAIM, {"tasks": list(task_ids)})}
    except db.DATABASE_TROUBLE:
        # They are sent again when the database is back.
        logger.warning("database lost", tasks=len(task_ids))
        return []
    return [
        Run(task_id=task_id, job=row.job, attempt=row.attempts, payload=row.payload)
        for task_id in task_ids
        if (row := rows.get(task_id)) is not None
    ]


def _fail(
    declared: Job[Any],
    run: Run,
    reason: str,
    delay: float | None,
    *,
    final: bool = False,
    counts: bool = True,
) -> None:
    """Put the task back for later, or declare it dead. ``counts=False``: waiting as told is not a failed try."""
    dead = final or (counts and run.attempt >= declared.max_attempts)
    if delay is None:
        ceiling = min(_LONGEST_DELAY, _FIRST_DELAY * 2 ** (run.attempt - 1))
        delay = random.uniform(ceiling / 2, ceiling)  # noqa: S311
    values: dict[str, Any] = {"last_error": reason[:500], "lease_until": None}
    if dead:
        values |= {"state": TaskState.DEAD, "finished_at": func.now()}
    else:
        values |= {
            "state": TaskState.PENDING,
            "available_at": func.now() + timedelta(seconds=max(0.0, delay)),
            # Another task of the same key may have been made meanwhile; both may wait now.
            "coalesce_key": None,
        }
    if not counts and not dead:
        values["attempts"] = Task.attempts - 1
    try:
        with db.transaction() as session:
            session.execute(
                update(Task)
                .where(Task.id == run.task_id, Task.attempts == run.attempt, Task.state == TaskState.RUNNING)
                .values(**values)
            )
    except DBAPIError:
        # The lease will run out and the sweep will put it back.
        logger.warning("failure not recorded", task=str(run.task_id))
    logger.info("task put back" if not dead else "task dead", job_name=declared.name, reason=reason[:200])
