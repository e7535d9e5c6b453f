"""What many tests begin with, made once: the rows of a database, put back as they were, and what the process remembers
of rows, forgotten."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Mapping

import psycopg2

from app.catalog.search import counting
from app.kit.recent import Recent
from app.web.api import pace


def rows_of(url: str) -> dict[str, bytes]:
    """Every table that has rows, with them as COPY writes them."""
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("select tablename from pg_tables where schemaname = 'public'")
            found = {}
            for (table,) in cursor.fetchall():
                into = io.BytesIO()
                cursor.copy_expert(f"copy {table} to stdout", into)
                if table != "alembic_version" and into.getvalue():
                    found[str(table)] = into.getvalue()
            return found
    finally:
        connection.close()


def put_back(url: str, rows: Mapping[str, bytes], other_words: Mapping[str, str]) -> None:
    """Write rows into empty tables, triggers and foreign keys aside, with some whole words replaced by others."""
    words = re.compile(rb"\b(" + b"|".join(re.escape(one.encode()) for one in other_words) + rb")\b")
    replaced = {old.encode(): new.encode() for old, new in other_words.items()}
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("set session_replication_role = replica")
            for table, content in rows.items():
                if other_words:
                    content = words.sub(lambda found: replaced[found[1]], content)
                cursor.copy_expert(f"copy {table} from stdin", io.BytesIO(content))
    finally:
        connection.close()


def delete_all(url: str) -> None:
    """Delete all rows, triggers and foreign keys aside. Only tables with rows cost anything."""
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute("select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'")
        statement = ";".join(f"delete from {table}" for (table,) in cursor.fetchall())
        cursor.execute(statement)
    connection.close()


def is_empty(url: str) -> bool:
    """Whether no organisation is there."""
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("select exists (select from organisations)")
            return cursor.fetchone() == (False,)
    finally:
        connection.close()


def forget_all() -> None:
    """Nothing that this process remembers of one test's rows is taken for another's, whose ids are the same."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("app.", "embedded_ui")):
            for value in vars(module).values():
                if isinstance(value, Recent):
                    value.forget()
    counting._paths.clear()
    counting._slugs.clear()
    pace._tallies.clear()
