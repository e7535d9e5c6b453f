"""Crossdock's real processes, and the simulated store that they talk to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.adapters.stores.conftest import CLIENT_ID, CLIENT_SECRET
from tests.processes import Processes
from tests.simulators.shopify import RunningSimulator


@pytest.fixture
def processes(
    committed: None,
    engine: None,
    database_url: str,
    redis_url: str,
    tmp_path: Path,
    simulator: RunningSimulator,
) -> Iterator[Processes]:
    """None of them runs yet."""
    found = Processes(
        {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "CROSSDOCK_SHOPIFY_CLIENT_ID": CLIENT_ID,
            "CROSSDOCK_SHOPIFY_CLIENT_SECRET": CLIENT_SECRET,
            "CROSSDOCK_SHOPIFY_ADMIN_URL": simulator.url + "/{shop}",
        },
        tmp_path,
    )
    yield found
    found.stop()


def rows_in(database_url: str, statement: str) -> list[tuple[object, ...]]:
    """What the statement finds, beside whatever this process is doing; nothing if it changes rows."""
    with closing(psycopg2.connect(database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
