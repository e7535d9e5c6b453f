"""The clock: turns schedules into tasks, one for each tick, however many clocks run."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from croniter import croniter

from app import db, log
from app.kit import clock
from workers.registry import jobs
from workers.relay import add_tasks, task_row

_PAUSE_SECONDS = 0.5

logger = log.get("workers.clock")


def last_tick(schedule: str, moment: datetime) -> datetime:
    """The newest moment at or before ``moment`` that the cron line names (UTC; a sixth field is seconds)."""
    # croniter's "previous" excludes the moment itself.
    found: datetime = croniter(schedule, moment + timedelta(seconds=1)).get_prev(datetime)
    return found.astimezone(UTC)


class Clock:
    """Makes the task of each tick. A tick is named after its job and time, and the name is unique, so however many
    clocks there are it is made once. Only the newest tick of a schedule is made: a clock that slept floods nothing."""

    def __init__(self) -> None:
        self._made: dict[str, datetime] = {}

    def tick(self, moment: datetime) -> list[str]:
        """Make the tasks of ticks that have come since the last call. Returns the names of their jobs."""
        due = [
            (declared.name, at)
            for declared in jobs().values()
            if declared.every and (at := last_tick(declared.every, moment)) != self._made.get(declared.name)
        ]
        if due:
            with db.system_scope(actor="clock"), db.transaction() as session:
                add_tasks(
                    session,
                    [
                        task_row(job=name, key="clock", payload={"tick": clock.iso(at)}, tick=f"{name}@{clock.iso(at)}")
                        for name, at in due
                    ],
                )
            self._made.update(due)
        return [name for name, _ in due]


def run_for_ever() -> None:
    """Look at the schedules twice a second."""
    clockwork = Clock()
    while True:
        try:
            clockwork.tick(clock.now())
        except db.DATABASE_TROUBLE as error:
            logger.warning("clock waits", reason=type(error).__name__)
        time.sleep(_PAUSE_SECONDS)
