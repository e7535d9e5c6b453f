"""Processor time of an installation's processes, read from the kernel's own clocks; what a wall clock says depends on
who else uses the machine."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def spent(pid_folder: Path) -> dict[str, float]:
    """Seconds of processor time since each process began, its children's included, by the name of its pid file; and of
    ``own_servers``."""
    named = {file.stem: of_process(int(file.read_text())) for file in pid_folder.glob("*.pid")}
    return {**own_servers(), **named}


def own_servers() -> dict[str, float]:
    """The same of ``postgres`` and ``valkey``, where they are this process's own children."""
    children, own = _processes()
    found: dict[str, float] = {}
    for pid in _descendants(os.getpid(), children):
        for name in ("postgres", "valkey"):
            if own[pid][0].startswith(name) and name not in found:
                found[name] = of_process(pid)
    return found


def of_process(pid: int) -> float:
    """Seconds of processor time since a process began, its children's included."""
    children, own = _processes()
    return sum(own[one][1] for one in (pid, *_descendants(pid, children)) if one in own)


def _processes() -> tuple[dict[int, list[int]], dict[int, tuple[str, float]]]:
    """The children of each process; and of each its name and its own seconds."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    own: dict[int, tuple[str, float]] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            head, _, rest = (folder / "stat").read_text().rpartition(")")
        except OSError:
            continue
        fields = rest.split()
        children[int(fields[1])].append(int(folder.name))
        # User and system time, and that of children which have ended.
        own[int(folder.name)] = (head.partition("(")[2], sum(int(one) for one in fields[11:15]) / _TICKS)
    return children, own


def between(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Seconds of processor time of each process that were spent between two looks."""
    return {name: after[name] - before.get(name, 0.0) for name in after}


def per_order(before: Mapping[str, float], after: Mapping[str, float], orders: int) -> dict[str, float]:
    """Milliseconds of processor time per order, the most costly process first."""
    found = {name: round(seconds * 1000 / orders, 1) for name, seconds in between(before, after).items()}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _descendants(pid: int, children: Mapping[int, list[int]]) -> list[int]:
    found = []
    waiting = list(children.get(pid, ()))
    while waiting:
        one = waiting.pop(0)
        found.append(one)
        waiting += children.get(one, ())
    return found
