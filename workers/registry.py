"""All jobs, found in ``workers/jobs``: one ``Job`` a file, in the variable that has the file's name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any

import workers.jobs
from app.kit.registry import walk
from workers.job import Job, RetryLater

#: Tries of a task whose job is not known: minutes, in which a worker of an older release than the clock's is replaced.
_TRIES_OF_UNKNOWN = 8


@cache
def jobs() -> Mapping[str, Job[Any]]:
    """Every job by its name."""
    found: dict[str, Job[Any]] = {}
    for module in walk(workers.jobs):
        name = module.__name__.rsplit(".", 1)[-1]
        declared = getattr(module, name, None)
        if not isinstance(declared, Job):
            raise TypeError(f"workers/jobs/{name}.py must declare a job called {name}")
        found[name] = declared
    return found


def job_named(name: str) -> Job[Any]:
    """The job of a task. Where this release has none of that name, what fails with that reason."""
    return jobs().get(name) or _unknown(name)


class _Unknown(Job[Any]):
    """Of what it heard nothing is known."""

    def event_of(self, topic: str, payload: Mapping[str, Any]) -> Any:  # noqa: ARG002 - one as all others
        return payload


@cache
def _unknown(name: str) -> Job[Any]:
    def fail(_run: object, _event: object) -> None:
        raise RetryLater(f"This release has no job called {name}.")

    return _Unknown(
        name=name,
        function=fail,
        queue="quick",
        on=(),
        every=None,
        coalesce=False,
        gather=None,
        max_attempts=_TRIES_OF_UNKNOWN,
        timeout=60,
        batch=1,
        together=False,
        wanted=None,
    )


@cache
def hearers() -> Mapping[str, tuple[Job[Any], ...]]:
    """The jobs that hear each topic."""
    by_topic: defaultdict[str, list[Job[Any]]] = defaultdict(list)
    for declared in jobs().values():
        for event in declared.on:
            by_topic[event.topic].append(declared)
    return {topic: tuple(found) for topic, found in by_topic.items()}
