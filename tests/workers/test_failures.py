"""What a failed task keeps of its failure: our own words and a code, nothing that somebody outside wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from app.kit.ids import new_id
from app.outbox.models import Task, TaskState
from tests.stack import Jobs
from workers.job import GiveUp, Run, Runs
from workers.registry import jobs as registered
from workers.relay import add_tasks, task_row

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
