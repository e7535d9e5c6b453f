"""Choose the suppliers of an order of ten lines with eight candidates each, on one core.

The baseline is the very same SELECTs, recorded from the service and sent as raw SQL by psycopg2: what is left between
the two is building the problem and solving it.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg2
import psycopg2.extras
from sqlalchemy import event

from app import db
from app.catalog.models import SupplierVariant
from app.listings.service import link_source
from app.purchasing.routing.gathering import Asked, gather
from app.purchasing.routing.problem import Choice, Kind, Rule
from app.purchasing.routing.saving import save_rules
from app.purchasing.routing.solver import solve
from app.suppliers.rules import Rate, Tier
from app.suppliers.service import set_rates
from benchmarks.ground import ground
from benchmarks.result import Result, percentile
from tests import factories

LINES, CANDIDATES, ORDERS = 10, 8, 300
_PRODUCTS, _WARM_UP = 30, 20

#: A loss is not allowed, a line is not split; then the first sources, the lowest cost and the days decide.
RULES = (
    Rule(Kind.WHOLE_LINES, True),
    Rule(Kind.MAX_LOSS, True, limit=0),
    Rule(Kind.LOWEST_COST, False),
    Rule(Kind.FASTEST, False),
)


def measure() -> Result:
    """Both sides order by order, in turn first: whatever else the machine does falls on both."""
    with ground():
        dice = random.Random(7)
        retailer_id, store_id, listed = _stock_up(dice)
        orders = [
            [Asked(at, variant, dice.randint(1, 3), 9_900) for at, variant in enumerate(dice.sample(listed, LINES))]
            for _ in range(ORDERS + _WARM_UP)
        ]
        alone: list[float] = []
        latencies: list[float] = []
        with db.tenant_scope(retailer_id, actor="bench"), _raw() as connection:
            for number, asked in enumerate(orders):
                statements = _recorded(retailer_id, store_id, asked)
                if number % 2:
                    alone.append(_read(connection, statements))
                latencies.append(_choose(retailer_id, store_id, asked))
                if not number % 2:
                    alone.append(_read(connection, statements))
        latencies, alone = latencies[_WARM_UP:], alone[_WARM_UP:]
        value, baseline = len(latencies) / sum(latencies), len(alone) / sum(alone)
        return Result(
            case="route_order",
            value=value,
            unit="orders/s",
            baseline=baseline,
            ratio=value / baseline,
            p50_ms=percentile(latencies, 0.5),
            p99_ms=percentile(latencies, 0.99),
            n=len(latencies),
        )


def _choose(retailer_id: UUID, store_id: UUID, asked: list[Asked]) -> float:
    """Seconds of the whole choice."""
    begun = time.perf_counter()
    with db.transaction() as session:
        gathered = gather(session, retailer_id, asked, store_id=store_id, country="GB", currency="USD")
        assert gathered.problem is not None
        choice = solve(gathered.problem)
    took = time.perf_counter() - begun
    assert isinstance(choice, Choice)
    assert choice.proven
    return took


def _stock_up(dice: random.Random) -> tuple[UUID, UUID, list[UUID]]:
    """A store that lists products of one supplier, each with seven more sources at prices around its own."""
    with db.system_scope(actor="bench"), db.transaction() as session:
        retailer = factories.retailer(session)
        store = factories.store(session, retailer)
        suppliers = [factories.supplier(session, f"Supplier {number}") for number in range(CANDIDATES)]
        for number, supplier in enumerate(suppliers):
            supplier.handling_days = 1 + number % 3
            by_weight = (Tier(1_000, 500), Tier(5_000, 900), Tier(None, 2_000))
            rate = Rate("Standard", ("*",), 300 + 60 * number, 50 + 20 * number, 2, 3 + number % 5)
            if number % 3 == 2:
                rate = Rate("By weight", ("*",), 0, 0, 2, 4, "standard", "weight", by_weight)
            set_rates(session, supplier.id, [rate])
        listed = []
        for _ in range(_PRODUCTS):
            price = dice.randint(500, 4_000)
            sources = [
                factories.product(
                    session, supplier, wholesale=f"{price * dice.uniform(0.9, 1.15) / 100:.2f}", stock=100_000
                )[0]
                for supplier in suppliers
            ]
            for source in sources:
                session.get_one(SupplierVariant, source).weight_grams = dice.randint(100, 900)
            product_id = session.get_one(SupplierVariant, sources[0]).product_id
            listing = factories.live_listing(session, store, product_id)
            row = listing.variants[0]
            for source in sources[1:]:
                link_source(session, retailer.id, row.id, source)
            listed.append(sources[0])
        save_rules(session, retailer.id, RULES, same_articles=False)
        found = retailer.id, store.id, listed
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    connection.close()
    return found


@contextmanager
def _raw() -> Iterator[Any]:
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    psycopg2.extras.register_uuid()
    try:
        yield connection
    finally:
        connection.close()


def _recorded(retailer_id: UUID, store_id: UUID, asked: list[Asked]) -> list[tuple[str, Any]]:
    """The statements by which an order's choice is read."""
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, text: str, values: Any, _x: Any, _many: bool) -> None:
        statements.append((text, values))

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        with db.transaction() as session:
            gather(session, retailer_id, asked, store_id=store_id, country="GB", currency="USD")
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)
    return statements


def _read(connection: Any, statements: list[tuple[str, Any]]) -> float:
    """Seconds of the statements alone."""
    begun = time.perf_counter()
    with connection.cursor() as cursor:
        for text, values in statements:
            cursor.execute(text, values)
            cursor.fetchall()
    connection.commit()
    return time.perf_counter() - begun
