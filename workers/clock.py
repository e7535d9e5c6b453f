"""The clock: turns schedules into tasks, one for each tick, however many clocks run."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from croniter import croniter
from sqlalchemy.dialects.postgresql import insert

from app import db, log
from app.kit import clock
from app.outbox.models import Task
from workers.job import Job
from workers.registry import jobs
from workers.relay import task_row

_PAUSE_SECONDS = 0.5

logger = log.get("workers.clock")


def last_tick(schedule: str, moment: datetime) -> datetime:
    """The newest moment at or before ``moment`` that the cron line names (UTC; a sixth field is seconds)."""
    return croniter(schedule, moment, second_at_beginning=False).get_prev(datetime).astimezone(UTC)


def tick(moment: datetime) -> int:
    """Make the tasks of all ticks that have come since the last call. Returns how many are new.

    A tick is named after its job and time, and the name is unique, so it is made once; only the newest tick of
    each schedule is made, so a clock that slept does not flood the queues.
    """
    scheduled = [(declared, declared.every) for declared in jobs().values() if declared.every]
    rows = [_row(declared, last_tick(every, moment)) for declared, every in scheduled]
    if not rows:
        return 0
    with db.system_scope(actor="clock"), db.transaction() as session:
        made = session.connection().execute(
            insert(Task.__table__).values(rows).on_conflict_do_nothing().returning(Task.id)
        )
        return len(made.all())


def _row(declared: Job[object], at: datetime) -> dict[str, object]:
    name = f"{declared.name}@{clock.iso(at)}"
    return task_row(job=declared.name, key="clock", payload={"tick": clock.iso(at)}, tick=name)


def run_for_ever() -> None:
    """Look at the schedules twice a second."""
    while True:
        try:
            tick(clock.now())
        except db.DATABASE_TROUBLE as error:
            logger.warning("clock waits", reason=type(error).__name__)
        time.sleep(_PAUSE_SECONDS)
