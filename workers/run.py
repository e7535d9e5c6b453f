"""The one function that Redis ever names: ``run(job name, task ids)``.

The task's row decides: a worker claims it for a lease, renews the lease while it works, and closes it in the
transaction of its effect. What Redis says twice, late or not at all changes nothing.
"""

from __future__ import annotations

import random
import re
import traceback
from datetime import timedelta
from typing import Any
from uuid import UUID

from rq.timeouts import JobTimeoutException
from sqlalchemy import func, update
from sqlalchemy.exc import DBAPIError

from app import db, log
from app.kit import clock
from app.kit.crash import crash_point
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from app.outbox.models import Task, TaskState
from workers.job import GiveUp, Job, LeaseLost, RetryLater, Run
from workers.leases import LEASE, leases
from workers.registry import jobs

_FIRST_DELAY = 2.0
_LONGEST_DELAY = 3600.0
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")

logger = log.get("workers.run")


def run(name: str, task_ids: list[str]) -> None:
    """Run tasks of one job, one after another. Never raises: outcomes are in the tasks' rows."""
    declared = jobs()[name]
    for task_id in task_ids:
        with db.system_scope(actor=f"job:{name}", request_id=task_id):
            _run_one(declared, UUID(task_id))


def _run_one(declared: Job[Any], task_id: UUID) -> None:
    claimed = _claim(task_id)
    if claimed is None:
        return
    crash_point("job.claimed")
    run = Run(task_id=task_id, job=declared.name, attempt=claimed.attempts, payload=claimed.payload)
    try:
        with leases.held(run):
            declared.function(run, _subject(declared, claimed))
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


def _subject(declared: Job[Any], task: Task) -> Any:
    topic = task.payload.get("topic")
    return declared.event_of(topic, task.payload["event"]) if topic else task.payload


def _claim(task_id: UUID) -> Task | None:
    """Take the task for a lease; None when it is not to be done now or another worker has it."""
    with db.transaction() as session:
        return session.scalar(
            update(Task)
            .where(Task.id == task_id, Task.state == TaskState.ENQUEUED)
            .values(
                state=TaskState.RUNNING,
                attempts=Task.attempts + 1,
                lease_until=func.now() + LEASE,
            )
            .returning(Task)
        )


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
