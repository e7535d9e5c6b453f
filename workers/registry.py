"""All jobs, found in ``workers/jobs``: one ``Job`` a file, in the variable that has the file's name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import Any

import workers.jobs
from app.kit.registry import walk
from workers.job import Job


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


@cache
def hearers() -> Mapping[str, tuple[Job[Any], ...]]:
    """The jobs that hear each topic."""
    by_topic: defaultdict[str, list[Job[Any]]] = defaultdict(list)
    for declared in jobs().values():
        for event in declared.on:
            by_topic[event.topic].append(declared)
    return {topic: tuple(found) for topic, found in by_topic.items()}
