"""What a failed task keeps of its failure: our own words and a code, nothing that somebody outside wrote."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from app import db
from app.kit import clock
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from app.kit.ids import new_id
from app.outbox.models import Task, TaskState
from tests.stack import Jobs
from workers.job import GiveUp, Run, Runs
from workers.new_tasks import add_tasks, task_row
from workers.registry import jobs as registered
from workers.run import run

_PERSON = "Ada Lovelace <ada@shopper.example>"


@pytest.mark.parametrize(
    ("failure", "kept", "dead"),
    [
        (Rejected("smtp_550", f"{_PERSON} does not live here"), "Rejected: smtp_550", True),
        (Rejected("http_422", f'{{"address": "{_PERSON}"}}'), "Rejected: http_422", True),
        (Rejected(f"no such person: {_PERSON}", "No."), "Rejected: no code", True),
        (ValueError(_PERSON), "ValueError at fail:", False),
        (KeyError(_PERSON), "KeyError at fail:", False),
        (Unavailable("shop.example answered 503"), "Unavailable: shop.example answered 503", False),
        (CredentialsRefused("shop.example answered 401"), "Access refused: shop.example answered 401", False),
        (RateLimited("shop.example is busy", retry_after=60), "Asked to wait: shop.example is busy", False),
        (GiveUp("the file is gone"), "GiveUp: the file is gone", True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_failed_task_keeps_no_words_from_outside(
    jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
    failure: Exception,
    kept: str,
    dead: bool,
) -> None:
    def fail(*_: object) -> None:
        raise failure

    name = "sweep_listings"
    monkeypatch.setitem(registered(), name, replace(registered()[name], function=fail))  # type: ignore[misc]
    jobs.run_scheduled(name)
    with db.system_scope(actor="test"), db.transaction() as session:
        (task,) = session.scalars(select(Task).where(Task.job == name))
        assert task.last_error is not None
        assert task.last_error.startswith(kept)
        assert "Ada" not in task.last_error
        assert (task.state == TaskState.DEAD) is dead


def test_what_goes_wrong_keeps_nothing_behind_it_waiting(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def do(session: Session, number: int) -> None:
        session.add(
            Task(id=new_id(), job="probe", queue="quick", key=f"probe-{number}", payload={}, state=TaskState.DONE)
        )
        if number == 2:
            raise ValueError(_PERSON)

    def each(run: Run, _payload: object) -> None:
        run.each([1, 2, 3], do)

    name = "sweep_listings"
    monkeypatch.setitem(registered(), name, replace(registered()[name], function=each))  # type: ignore[misc]
    jobs.run_scheduled(name)
    with db.system_scope(actor="test"), db.transaction() as session:
        assert list(session.scalars(select(Task.key).where(Task.job == "probe").order_by(Task.key))) == [
            "probe-1",
            "probe-3",
        ]
        (task,) = session.scalars(select(Task).where(Task.job == name))
        assert task.state != TaskState.DONE
        assert str(task.last_error).startswith("ValueError at do:")


def test_what_goes_wrong_among_tasks_that_are_done_together_holds_up_itself_alone(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[list[int]] = []

    def all_at_once(runs: Runs, payloads: Sequence[Mapping[str, int]]) -> None:
        numbers = [payload["number"] for payload in payloads]
        tried.append(numbers)
        with runs.closing() as session:
            for number in numbers:
                done = Task(id=new_id(), job="probe", queue="quick", key=f"probe-{number}", payload={})
                done.state = TaskState.DONE
                session.add(done)
            if 2 in numbers:
                raise ValueError(_PERSON)

    name = "sweep_listings"
    many = replace(registered()[name], function=all_at_once, together=True, batch=10)
    monkeypatch.setitem(registered(), name, many)  # type: ignore[misc]
    with db.system_scope(actor="test"), db.transaction() as session:
        add_tasks(session, [task_row(job=name, key=str(one), payload={"number": one}) for one in (1, 2, 3)])
    jobs.drain()
    with db.system_scope(actor="test"), db.transaction() as session:
        assert list(session.scalars(select(Task.key).where(Task.job == "probe").order_by(Task.key))) == [
            "probe-1",
            "probe-3",
        ]
        (failed,) = session.scalars(select(Task).where(Task.job == name, Task.state != TaskState.DONE))
        assert failed.payload == {"number": 2}
        assert str(failed.last_error).startswith("ValueError at all_at_once:")
    assert tried[0] == [1, 2, 3]


_NAME = "sweep_listings"


def owe(*numbers: int) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        add_tasks(session, [task_row(job=_NAME, key=str(one), payload={"number": one}) for one in numbers])


def ends() -> dict[int, tuple[int, int]]:
    """State and attempts of each task."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return {
            task.payload["number"]: (task.state, task.attempts)
            for task in session.scalars(select(Task).where(Task.job == _NAME))
        }


def declare(monkeypatch: pytest.MonkeyPatch, function: Callable[..., None], **more: Any) -> None:
    declared = replace(registered()[_NAME], function=function, batch=10, timeout=40, **more)
    monkeypatch.setitem(registered(), _NAME, declared)  # type: ignore[misc]


def test_each_task_of_a_trip_is_cut_off_by_itself_after_its_own_seconds(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []

    def last_too_long(_run: Run, payload: Mapping[str, int]) -> None:
        left.append(round(signal.getitimer(signal.ITIMER_REAL)[0]))
        if payload["number"] != 2:
            signal.raise_signal(signal.SIGALRM)

    declare(monkeypatch, last_too_long)
    owe(1, 2, 3)
    jobs.drain()
    assert left == [40, 40, 40]
    assert ends() == {1: (TaskState.PENDING, 1), 2: (TaskState.DONE, 1), 3: (TaskState.PENDING, 1)}


def test_tasks_that_are_cut_off_together_are_tried_alone_in_the_same_attempt(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[tuple[int, int]] = []

    def too_long_together(runs: Runs, payloads: Sequence[Mapping[str, int]]) -> None:
        left.append((len(payloads), round(signal.getitimer(signal.ITIMER_REAL)[0])))
        if len(payloads) > 1:
            signal.raise_signal(signal.SIGALRM)

    declare(monkeypatch, too_long_together, together=True)
    owe(1, 2)
    jobs.drain()
    assert left == [(2, 40), (1, 40), (1, 40)]
    assert ends() == dict.fromkeys((1, 2), (TaskState.DONE, 1))


def test_tasks_done_together_end_though_their_job_closes_none(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []
    declare(monkeypatch, lambda _runs, payloads: tried.append(len(payloads)), together=True)
    owe(1, 2, 3)
    jobs.drain()
    assert tried == [3]
    assert ends() == dict.fromkeys((1, 2, 3), (TaskState.DONE, 1))


def test_what_one_of_many_waits_for_is_not_waited_for_by_all(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    waited: list[float] = []

    def lock_each(runs: Runs, payloads: Sequence[Mapping[str, int]]) -> None:
        if len(payloads) == 1:
            busy.rollback()
        began = time.monotonic()
        try:
            with runs.closing() as session:
                session.execute(text("lock table plans in share mode"))
        finally:
            waited.append(time.monotonic() - began)

    declare(monkeypatch, lock_each, together=True)
    owe(1, 2)
    with closing(psycopg2.connect(database_url)) as busy, busy.cursor() as cursor:
        cursor.execute("lock table plans in access exclusive mode")
        jobs.drain()
    assert ends() == dict.fromkeys((1, 2), (TaskState.DONE, 1))
    assert 0.1 < waited[0] < 2, "seconds, of the five that each waits alone"


def test_a_task_that_was_tried_before_travels_alone(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes its worker down with it does so to no others for long."""
    trips: list[list[int]] = []

    def second_fails(_runs: Runs, payloads: Sequence[Mapping[str, int]]) -> None:
        trips.append([payload["number"] for payload in payloads])
        if 2 in trips[-1]:
            raise ValueError

    declare(monkeypatch, second_fails, together=True, max_attempts=2)
    owe(1, 2, 3)
    jobs.drain()
    owe(4, 5)
    jobs.drain(retries=True)
    assert trips == [[1, 2, 3], [1], [2], [3], [4, 5], [2]]
    assert {number: state for number, (state, _) in ends().items()} == dict.fromkeys((1, 3, 4, 5), TaskState.DONE) | {
        2: TaskState.DEAD
    }


class Killed(BaseException):
    """The worker is gone in the middle of its work: nothing in it can say so."""


def test_a_task_that_takes_its_worker_down_each_time_is_given_up(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []

    def take_down(run: Run, _payload: object) -> None:
        begun.append(run.attempt)
        raise Killed

    declare(monkeypatch, take_down, max_attempts=3)
    owe(1)
    for _ in range(5):
        _worker_dies(jobs)
    assert begun == [1, 2, 3]
    assert ends() == {1: (TaskState.DEAD, 3)}
    assert reasons() == {"Its worker died, or lost the database, before it was done."}


def test_a_task_of_a_job_that_is_gone_is_given_up(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch, lambda _run, _payload: None)
    owe(1)
    monkeypatch.delitem(registered(), _NAME)  # type: ignore[misc]
    jobs.drain(retries=True)
    ((state, _),) = ends().values()
    assert state == TaskState.DEAD
    assert reasons() == {f"This release has no job called {_NAME}."}


def _worker_dies(jobs: Jobs) -> None:
    """Hand out what is due to a worker that does not survive it, and let the leases of what it had run out."""
    jobs.new_relay().step()
    with db.system_scope(actor="test"), db.transaction() as session:
        sent = session.scalars(select(Task.id).where(Task.job == _NAME, Task.state == TaskState.ENQUEUED)).all()
    if sent:
        with pytest.raises(Killed):
            run([str(one) for one in sent])
    with db.system_scope(actor="test"), db.transaction() as session:
        session.execute(
            update(Task)
            .where(Task.job == _NAME, Task.state == TaskState.RUNNING)
            .values(lease_until=clock.now() - timedelta(seconds=1))
        )
    jobs.new_relay().step()


def reasons() -> set[str | None]:
    """Why the tasks failed."""
    with db.system_scope(actor="test"), db.transaction() as session:
        return set(session.scalars(select(Task.last_error).where(Task.job == _NAME)))
