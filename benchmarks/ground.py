"""What a case stands on: servers of its own with a production's durability, tables, and something to sell."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg2

from app import config, db
from launch import postgres, valkey
from launch.cli import run_migrations
from tests import factories


@dataclass(slots=True)
class Ground:
    """Where a case runs."""

    folder: Path
    database_url: str
    redis_url: str


@contextmanager
def ground() -> Iterator[Ground]:
    """Fresh servers, migrated; gone afterwards."""
    for name in [name for name in os.environ if name.startswith("CROSSDOCK_")]:
        del os.environ[name]
    os.environ["CROSSDOCK_ENVIRONMENT"] = "test"
    # Measured is the way, not the wait that a store's owner chooses.
    os.environ["CROSSDOCK_FRAUD_WINDOW_MINUTES"] = "0"
    os.environ["CROSSDOCK_LOG_LEVEL"] = "ERROR"
    # What is measured is not the fetching of pictures that are nowhere.
    os.environ["CROSSDOCK_MEDIA_STORAGE"] = "none"
    with tempfile.TemporaryDirectory(prefix="crossdock-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = postgres.start(folder)
        memory = valkey.start(folder)
        try:
            os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = server.url, memory.url
            config.reload()
            run_migrations(server.url)
            db.use(db.make_engine(server.url))
            yield Ground(folder, server.url, memory.url)
        finally:
            db.engine().dispose()
            memory.stop()
            server.stop()
            postgres.remove(folder)


@dataclass(slots=True)
class Goods:
    """A retailer, and the variants of two suppliers."""

    retailer_id: UUID
    currency: str
    first: list[UUID]
    second: list[UUID]


def stock_up(variants: int = 500, stock: int = 1_000_000) -> Goods:
    """Two suppliers with so many variants each, plenty of each in stock."""
    with db.system_scope(actor="bench"), db.transaction() as session:
        retailer = factories.retailer(session)
        first, second = (
            factories.product(session, factories.supplier(session, name), variants=variants, stock=stock)
            for name in ("Nordlicht", "Kanto")
        )
        goods = Goods(retailer.id, retailer.currency, first, second)
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
    connection.close()
    return goods
