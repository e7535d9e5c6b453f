"""The catalogue asked by HTTP: the real server with its two workers, real keys, and 8 connections that never rest.

Who asks what is drawn by a seed. Of ``KINDS`` different calls the n-th most wanted is asked 1 / n^0.8 times as often as
the first: what is asked of web servers falls off with an exponent of 0.64 to 0.83 (Breslau and others, "Web caching and
Zipf-like distributions", 1999), and the flatter, the harder for what keeps answers. The flat mix asks all kinds alike,
of a server that keeps none. Four hundred retailers' keys take turns, so that none calls more often than it may.
"""

from __future__ import annotations

import os
import pickle
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from uuid import UUID

import psycopg2
from sqlalchemy import delete, select

from app import config, db
from app.identity.models import ApiKey, Organisation
from app.identity.service import create_organisation, issue_key
from benchmarks.calls import as_long_as
from benchmarks.catalogue import CLIENTS, catalogue, recorded
from benchmarks.load import Load
from benchmarks.processor_time import of_process, own_servers
from benchmarks.questions import Call
from benchmarks.result import Result, percentile
from benchmarks.server import Server
from launch import valkey

KINDS = 1_600
_FALLS_OFF = 0.8
_CALLERS = 400
_DRAWN = 50_000
_WARM_UP_SECONDS, _SECONDS = 5.0, 20.0


def measure_calls(case: str, drawn: Callable[[int], Sequence[Call]], *, flat: bool = False) -> Result:
    """Answers a second against those of a bare Flask route that sends the same SQL and nothing else. ``flat``: see the
    module."""
    with catalogue() as database_url, _redis() as redis_url, _keys() as keys:
        kinds = drawn(KINDS)
        dice = random.Random(6)
        weights = [1.0 if flat else 1 / place**_FALLS_OFF for place in range(1, KINDS + 1)]
        asked = dice.choices(range(KINDS), weights, k=_DRAWN)
        with tempfile.NamedTemporaryFile() as file:
            pickle.dump([recorded(one.ask) for one in kinds], file)
            file.flush()
            Path(file.name).chmod(0o644)
            env = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "BENCH_STATEMENTS": file.name}
            db.engine().dispose()
            with Server("benchmarks.bare_catalogue:application", env) as server:
                baseline = _load(case + " baseline", server, cycle([_get(f"/?n={one}") for one in asked]))
        calls = [_get(kinds[one].target, keys[number % len(keys)]) for number, one in enumerate(asked)]
        with Server(
            "launch.wsgi:application", env | ({"CROSSDOCK_CATALOG_CACHE_SECONDS": "0"} if flat else {})
        ) as server:
            load = _load(case, server, cycle(calls))
    value, base = (len(one.seconds) / one.duration for one in (load, baseline))
    return Result(
        case=case,
        value=value,
        unit="calls/s",
        baseline=base,
        ratio=value / base,
        p50_ms=percentile(load.seconds, 0.5),
        p99_ms=percentile(load.seconds, 0.99),
        n=len(load.seconds),
    )


def _load(what: str, server: Server, calls: Iterator[bytes]) -> Load:
    """Its answers; what each cost goes to standard error, since a wall clock depends on who else uses the machine."""
    as_long_as(_WARM_UP_SECONDS, server.port, calls, clients=CLIENTS)
    before = _spent(server)
    load = as_long_as(_SECONDS, server.port, calls, clients=CLIENTS)
    after = _spent(server)
    if load.refused:
        raise RuntimeError(f"{load.refused} calls were refused")
    each = {name: round((after[name] - before[name]) * 1000 / len(load.seconds), 2) for name in after}
    sys.stderr.write(f"{what}: processor time a call in ms {each}, load average {os.getloadavg()[0]:.1f}\n")
    return load


def _spent(server: Server) -> dict[str, float]:
    """Seconds of processor time by the web server, this process as the client, PostgreSQL and Valkey."""
    return {"web": of_process(server.pid), "client": time.process_time(), **own_servers()}


def _get(target: str, key: str | None = None) -> bytes:
    lines = [f"GET {target} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json", "User-Agent: bench"]
    if key is not None:
        lines.append(f"Authorization: Bearer {key}")
    return "\r\n".join([*lines, "", ""]).encode()


@contextmanager
def _redis() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="crossdock-bench-") as name:
        Path(name).chmod(0o755)
        memory = valkey.start(Path(name))
        os.environ["REDIS_URL"] = memory.url
        config.reload()
        try:
            yield memory.url
        finally:
            memory.stop()


@contextmanager
def _keys() -> Iterator[list[str]]:
    """Keys of as many retailers; the retailers stay for the next run."""
    with db.system_scope(actor="bench"), db.transaction() as session:
        callers = list(session.scalars(select(Organisation.id).where(Organisation.name == "Bench caller")))
        for _ in range(_CALLERS - len(callers)):
            made = create_organisation(session, kind="retailer", name="Bench caller", country="US", currency="USD")
            callers.append(made.id)
        issued = [issue_key(session, one, name="bench", scopes=["read:catalog"]) for one in callers[:_CALLERS]]
    _settle()
    try:
        yield [secret for _, secret in issued]
    finally:
        _forget([key.id for key, _ in issued])


def _forget(ids: Sequence[UUID]) -> None:
    with db.system_scope(actor="bench"), db.transaction() as session:
        session.execute(delete(ApiKey).where(ApiKey.id.in_(ids)))


def _settle() -> None:
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("analyze api_keys; analyze organisations")
    connection.close()
