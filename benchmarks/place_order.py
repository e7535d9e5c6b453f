"""Reserve and place an order of two lines from two suppliers, through the domain service, at 8 clients.

The baseline is the very same statements, recorded from the service and sent as raw SQL by psycopg2: what is left
between the two is our own Python.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import psycopg2.extras
from sqlalchemy import event
from sqlalchemy.orm import Session

from app import db
from app.identity.models import Organisation
from app.purchasing.service import place_order
from benchmarks.ground import Goods, ground, stock_up
from benchmarks.result import Result, percentile
from tests import factories

CLIENTS = 8
ORDERS_EACH = 200
_WARM_UP = 20

Recorded = list[tuple[str, Any]]


def measure() -> Result:
    """Both sides in turn, baseline first."""
    with ground():
        goods = stock_up()
        db.engine().dispose()
        baseline, _ = _run(_raw_client, goods)
        value, latencies = _run(_service_client, goods)
    return Result(
        case="place_order",
        value=value,
        unit="orders/s",
        baseline=baseline,
        ratio=value / baseline,
        p50_ms=percentile(latencies, 0.5),
        p99_ms=percentile(latencies, 0.99),
        n=len(latencies),
    )


def _run(client: Callable[..., None], goods: Goods) -> tuple[float, list[float]]:
    """Orders per second over all clients, and each order's seconds."""
    context = multiprocessing.get_context("fork")
    ready, results = context.Barrier(CLIENTS + 1), context.SimpleQueue()
    clients = [
        context.Process(target=client, args=(number, goods, ready, results), daemon=True) for number in range(CLIENTS)
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


def _order(goods: Goods, retailer: Organisation, client: int, number: int, dice: random.Random) -> Any:
    return factories.order_of(
        retailer,
        {dice.choice(goods.first): 1, dice.choice(goods.second): 1},
        external_id=f"bench-{os.getpid()}-{client}-{number}",
    )


def _retailer(goods: Goods) -> Organisation:
    return Organisation(id=goods.retailer_id, currency=goods.currency)


def _service_client(client: int, goods: Goods, ready: Any, results: Any) -> None:
    db.use(db.make_engine(os.environ["DATABASE_URL"], pool_size=1))
    dice, retailer = random.Random(client), _retailer(goods)
    latencies = []
    with db.tenant_scope(goods.retailer_id, actor="bench"):

        def place(number: int) -> None:
            with db.transaction() as session:
                place_order(session, _order(goods, retailer, client, number, dice))

        for number in range(_WARM_UP):
            place(number)
        ready.wait()
        for number in range(_WARM_UP, _WARM_UP + ORDERS_EACH):
            begun = time.perf_counter()
            place(number)
            latencies.append(time.perf_counter() - begun)
    results.put((time.perf_counter(), latencies))


def _raw_client(client: int, goods: Goods, ready: Any, results: Any) -> None:
    db.use(db.make_engine(os.environ["DATABASE_URL"], pool_size=1))
    dice, retailer = random.Random(client), _retailer(goods)
    recorded = [_record(goods, retailer, client, number, dice) for number in range(_WARM_UP + ORDERS_EACH)]
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    psycopg2.extras.register_uuid()

    def place(statements: Recorded) -> None:
        with connection.cursor() as cursor:
            for statement, parameters in statements:
                if isinstance(parameters, list):
                    cursor.executemany(statement, parameters)
                else:
                    cursor.execute(statement, parameters)
        connection.commit()

    for statements in recorded[:_WARM_UP]:
        place(statements)
    latencies = []
    ready.wait()
    for statements in recorded[_WARM_UP:]:
        begun = time.perf_counter()
        place(statements)
        latencies.append(time.perf_counter() - begun)
    results.put((time.perf_counter(), latencies))


def _record(goods: Goods, retailer: Organisation, client: int, number: int, dice: random.Random) -> Recorded:
    """The statements of one order, which is then undone."""
    with db.tenant_scope(goods.retailer_id, actor="bench"), _recording() as statements:
        session = Session(db.engine(), expire_on_commit=False)
        place_order(session, _order(goods, retailer, client, number, dice))
        session.flush()
        session.rollback()
        session.close()
    return statements


@contextmanager
def _recording() -> Iterator[Recorded]:
    statements: Recorded = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        statements.append((statement, parameters))

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)
