"""What the cases of the catalogue stand on: two million variants, made once and kept, and clients that ask.

``BENCH_CATALOGUE`` names the folder that keeps the servers' files between runs (``.cache/bench-catalogue`` by
default); the first run fills it with ``crossdock demo-data --scale 2000000``, which takes some minutes.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import event
from sqlalchemy.orm import Session

from app import config, db
from benchmarks.result import Result, percentile
from launch import postgres
from launch.cli import run_migrations

VARIANTS = 2_000_000
CLIENTS = 8
EACH = 150
_WARM_UP = 10
_FOLDER = Path(__file__).parents[1] / ".cache" / "bench-catalogue"

#: A question, asked of a session.
Ask = Callable[[Session], Any]
Recorded = list[tuple[str, Any]]


@contextmanager
def catalogue() -> Iterator[str]:
    """The filled database's address."""
    folder = Path(os.environ.get("BENCH_CATALOGUE", _FOLDER))
    for name in [name for name in os.environ if name.startswith("CROSSDOCK_")]:
        del os.environ[name]
    os.environ["CROSSDOCK_ENVIRONMENT"] = "test"
    os.environ["CROSSDOCK_LOG_LEVEL"] = "ERROR"
    os.environ["CROSSDOCK_MEDIA_STORAGE"] = "none"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    server = postgres.start(folder)
    try:
        os.environ["DATABASE_URL"] = server.url
        config.reload()
        run_migrations(server.url)
        if _variants(server.url) < VARIANTS * 0.95:
            command = [sys.executable, "-m", "launch.cli", "demo-data", "--scale", str(VARIANTS), "--days", "0"]
            subprocess.run(command, env={**os.environ, "CROSSDOCK_DATA_DIR": str(folder)}, check=True, stdout=2)
        db.use(db.make_engine(server.url))
        yield server.url
    finally:
        db.engine().dispose()
        server.stop()


def _variants(url: str) -> int:
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("select coalesce(sum(variants), 0) from catalog_entries")
        (count,) = cursor.fetchone() or (0,)
        return int(count)


def compare(case: str, drawn: Callable[[], Sequence[Ask]]) -> Result:
    """The queries with our Python around them, against the same SQL sent by psycopg2, at 8 clients, baseline first."""
    with catalogue():
        questions = drawn()
        # Words' stems are asked for once a process and remembered: that is not what is measured.
        for ask in questions:
            _asked(ask)
        statements = [recorded(ask) for ask in questions]
        db.engine().dispose()
        baseline, _ = _run(_raw_client, statements)
        value, latencies = _run(_our_client, questions)
    return Result(
        case=case,
        value=value,
        unit="queries/s",
        baseline=baseline,
        ratio=value / baseline,
        p50_ms=percentile(latencies, 0.5),
        p99_ms=percentile(latencies, 0.99),
        n=len(latencies),
    )


def recorded(ask: Ask) -> Recorded:
    """The statements that answer a question."""
    statements: Recorded = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        statements.append((statement, parameters))

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        _asked(ask)
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)
    return statements


def _asked(ask: Ask) -> None:
    with db.system_scope(actor="bench"), db.transaction() as session:
        ask(session)


def _run(client: Callable[..., None], questions: Sequence[Any]) -> tuple[float, list[float]]:
    context = multiprocessing.get_context("fork")
    ready, results = context.Barrier(CLIENTS + 1), context.SimpleQueue()
    clients = [
        context.Process(target=client, args=(number, questions, ready, results), daemon=True)
        for number in range(CLIENTS)
    ]
    for process in clients:
        process.start()
    ready.wait(120)
    begun = time.perf_counter()
    found = [results.get() for _ in clients]
    ended = max(end for end, _ in found)
    for process in clients:
        process.join()
    latencies = [seconds for _, part in found for seconds in part]
    return len(latencies) / (ended - begun), latencies


def _our_client(client: int, questions: Sequence[Ask], ready: Any, results: Any) -> None:
    db.use(db.make_engine(os.environ["DATABASE_URL"], pool_size=1))
    _timed(client, questions, _asked, ready, results)


def _raw_client(client: int, statements: Sequence[Recorded], ready: Any, results: Any) -> None:
    connection = psycopg2.connect(os.environ["DATABASE_URL"])

    def send(one: Recorded) -> None:
        with connection.cursor() as cursor:
            for statement, parameters in one:
                cursor.execute(statement, parameters or None)
                if cursor.description:
                    cursor.fetchall()
        connection.commit()

    _timed(client, statements, send, ready, results)


def _timed(client: int, questions: Sequence[Any], ask: Callable[[Any], None], ready: Any, results: Any) -> None:
    """Every client asks all questions in turn, each beginning elsewhere."""
    start = client * len(questions) // CLIENTS
    for number in range(_WARM_UP):
        ask(questions[(start + number) % len(questions)])
    ready.wait()
    latencies = []
    for number in range(EACH):
        begun = time.perf_counter()
        ask(questions[(start + number) % len(questions)])
        latencies.append(time.perf_counter() - begun)
    results.put((time.perf_counter(), latencies))
