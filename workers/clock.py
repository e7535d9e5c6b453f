"""The clock: turns schedules into tasks, one for each tick, however many clocks run."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from croniter import croniter

from app import db, log
from app.kit import clock
from workers.new_tasks import add_tasks, task_row
from workers.registry import jobs

_PAUSE_SECONDS = 0.5

logger = log.get("workers.clock")


def last_tick(schedule: str, moment: datetime) -> datetime:
    """The newest moment at or before ``moment`` that the cron line names (UTC; a sixth field is seconds)."""
    # croniter's "previous" excludes the moment itself.
    found: datetime = croniter(schedule, moment + timedelta(seconds=1)).get_prev(datetime)
    return found.astimezone(UTC)


def next_tick(schedule: str, moment: datetime) -> datetime:
    """The first moment after ``moment`` that the cron line names."""
    found: datetime = croniter(schedule, moment).get_next(datetime)
    return found.astimezone(UTC)


class Clock:
    """Makes the task of each tick. A tick is named after its job and time, and the name is unique, so however many
    clocks there are it is made once. Only the newest tick of a schedule is made: a clock that slept floods nothing."""

    def __init__(self) -> None:
        #: By job: the tick that was made last, and the next one. Reading all cron lines anew with each look took most
        #: of what is spent while nothing is to be done.
        self._made: dict[str, tuple[datetime, datetime]] = {}

    def tick(self, moment: datetime) -> list[str]:
        """Make the tasks of ticks that have come since the last call. Returns the names of their jobs."""
        due = {
            declared.name: (at := last_tick(declared.every, moment), next_tick(declared.every, at))
            for declared in jobs().values()
            if declared.every and not self._is_made(declared.name, moment)
        }
        if due:
            with db.system_scope(actor="clock"), db.transaction() as session:
                add_tasks(
                    session,
                    [
                        task_row(job=name, key="clock", payload={"tick": clock.iso(at)}, tick=f"{name}@{clock.iso(at)}")
                        for name, (at, _) in due.items()
                    ],
                )
            self._made.update(due)
        return list(due)

    def _is_made(self, name: str, moment: datetime) -> bool:
        made = self._made.get(name)
        # A tick is found up to a second before its time.
        return made is not None and made[0] - timedelta(seconds=1) <= moment < made[1]


def run_for_ever() -> None:
    """Look at the schedules twice a second."""
    clockwork = Clock()
    while True:
        try:
            clockwork.tick(clock.now())
        except db.DATABASE_TROUBLE as error:
            logger.warning("clock waits", reason=type(error).__name__)
        time.sleep(_PAUSE_SECONDS)
