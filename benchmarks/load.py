"""A light HTTP client that keeps its connections, and loads of two kinds: as fast as it goes, and at a given pace."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """One POST."""

    path: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(slots=True)
class Load:
    """What a load saw: seconds of each answer, how many were not 200, and how long it all took."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    duration: float = 0.0


def as_fast_as_it_goes(port: int, request: Callable[[int], Request], *, clients: int, each: int) -> Load:
    """``clients`` connections, each sending its next request when the one before was answered."""
    return _run(port, request, clients, each, pace=None)


def at_pace(port: int, request: Callable[[int], Request], *, clients: int, each: int, per_second: float) -> Load:
    """Requests start at fixed times, however slow the answers: waiting for a free connection counts."""
    return _run(port, request, clients, each, pace=per_second)


def _run(port: int, request: Callable[[int], Request], clients: int, each: int, pace: float | None) -> Load:
    load, lock = Load(), threading.Lock()
    start = threading.Barrier(clients + 1)
    begun_at = [0.0]

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        wanted = [request(number * each + index) for index in range(each)]
        seen: list[float] = []
        refused = 0
        start.wait()
        for index, one in enumerate(wanted):
            begun = time.perf_counter()
            if pace is not None:
                due = begun_at[0] + (index * clients + number) / pace
                if due > begun:
                    time.sleep(due - begun)
                begun = due
            connection.request("POST", one.path, one.body, dict(one.headers))
            answer = connection.getresponse()
            answer.read()
            refused += answer.status != 200
            seen.append(time.perf_counter() - begun)
        connection.close()
        with lock:
            load.seconds += seen
            load.refused += refused

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    begun_at[0] = time.perf_counter() + 0.05
    start.wait()
    begun = time.perf_counter()
    for thread in threads:
        thread.join()
    load.duration = time.perf_counter() - begun
    return load
