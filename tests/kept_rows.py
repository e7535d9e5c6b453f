"""What many tests begin with, made once: the rows of a database, put back as they were, and what the process remembers
of rows, forgotten."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import psycopg2
from psycopg2.extensions import connection, cursor

from app.catalog.search import counting
from app.kit.recent import Recent
from app.web.api import pace


@cache
def _connection(url: str) -> connection:
    """One for all tests of a process, past triggers and foreign keys: it has read what the tables are like, which costs
    a new one far more than emptying them. Every command stands by itself."""
    opened = psycopg2.connect(url)
    opened.autocommit = True
    with opened.cursor() as asking:
        asking.execute("set session_replication_role = replica")
        deletions = ";".join(f"delete from {table}" for table in _tables(asking))
        asking.execute(
            f"create function pg_temp.delete_all() returns void language plpgsql as $$begin {deletions}; end$$"
        )
    return opened


def _tables(looking: cursor) -> list[str]:
    looking.execute("select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'")
    return [str(table) for (table,) in looking.fetchall()]


def rows_of(url: str) -> dict[str, bytes]:
    """Every table that has rows, with them as COPY writes them."""
    found = {}
    with _connection(url).cursor() as asking:
        for table in _tables(asking):
            into = io.BytesIO()
            asking.copy_expert(f"copy {table} to stdout", into)
            if into.getvalue():
                found[table] = into.getvalue()
    return found


def put_back(url: str, rows: Mapping[str, bytes]) -> None:
    """Write rows into empty tables, triggers and foreign keys aside."""
    with _connection(url).cursor() as asking:
        for table, content in rows.items():
            asking.copy_expert(f"copy {table} from stdin", io.BytesIO(content))


def delete_all(url: str) -> None:
    """Delete all rows, triggers and foreign keys aside. Only tables with rows cost anything."""
    with _connection(url).cursor() as asking:
        asking.execute("select pg_temp.delete_all()")


def is_empty(url: str) -> bool:
    """Whether no organisation is there."""
    with _connection(url).cursor() as asking:
        asking.execute("select exists (select from organisations)")
        return asking.fetchone() == (False,)


@cache
def _memories(module: str) -> list[Recent[Any]]:
    return [value for value in vars(sys.modules[module]).values() if isinstance(value, Recent)]


def forget_all() -> None:
    """Nothing that this process remembers of one test's rows is taken for another's, whose ids are the same."""
    for name in list(sys.modules):
        if name.startswith(("app.", "embedded_ui")):
            for memory in _memories(name):
                memory.forget()
    counting._paths.clear()
    counting._slugs.clear()
    pace._tallies.clear()
