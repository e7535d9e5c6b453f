"""The database: tables' base, transactions, and the scope that row-level security enforces.

Every transaction runs as one of two roles that own nothing. ``crossdock_app`` sees only the rows of the
organisation set for the transaction (and the shared catalogue); ``crossdock_job`` sees all and is for jobs that
work across tenants, for signing in and for the console. Both are set with one ``set_config`` statement at the
start of each transaction and end with it, so nothing leaks through a connection pool. Without a scope a
transaction sees no tenant's rows at all.
"""

from __future__ import annotations

import io
import math
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any, ClassVar, Literal, cast
from uuid import UUID

import orjson
import psycopg2.extensions
from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import BYTEA, JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from app.config import settings
from app.kit.copy_text import copy_lines

#: What a database that is away, restarting or overloaded looks like; waiting and trying again is right.
DATABASE_TROUBLE = (OperationalError, InterfaceError, PoolTimeout)
#: PostgreSQL's codes where somebody else held what was wanted: lock not available, deadlock.
_CONTENDED = frozenset({"55P03", "40P01"})

APP_ROLE = "crossdock_app"
JOB_ROLE = "crossdock_job"

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def is_contended(error: Exception) -> bool:
    """Whether a statement failed because somebody else held what it wanted for too long; the database is well."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "pgcode", None) in _CONTENDED


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Who may see a table's rows.

    ``own``: the organisation in ``columns[0]``. ``parties``: the organisations in any of ``columns``;
    with ``shown_when`` the last column's organisation sees a row only where that SQL condition holds.
    ``shared``: everybody (the catalogue and its search). ``system``: jobs, signing in and the console only,
    plus inserts by anybody where ``insert_only``.
    """

    kind: Literal["own", "parties", "shared", "system"]
    columns: tuple[str, ...] = ()
    shown_when: str | None = None
    insert_only: bool = False
    append_only: bool = False


def own(column: str = "organisation_id", *, append_only: bool = False) -> Tenancy:
    """Rows of one organisation."""
    return Tenancy("own", (column,), append_only=append_only)


def parties(*columns: str, shown_when: str | None = None, append_only: bool = False) -> Tenancy:
    """Rows that a retailer and a supplier share."""
    return Tenancy("parties", columns or ("retailer_id", "supplier_id"), shown_when, append_only=append_only)


SHARED = Tenancy("shared")
SYSTEM = Tenancy("system")
SYSTEM_INSERTABLE = Tenancy("system", insert_only=True)


#: The tenancy of every table, by its name.
TENANCIES: dict[str, Tenancy] = {}


class Base(DeclarativeBase):
    """The base of all tables. Each names its tenancy; a table without one fails when it is declared."""

    metadata = MetaData(naming_convention=_NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        date: Date(),
        UUID: Uuid(),
        str: Text(),
        int: Integer(),
        bytes: BYTEA(),
        dict[str, Any]: JSONB(),
        dict[str, str]: JSONB(),
        list[str]: JSONB(),
        list[dict[str, Any]]: JSONB(),
    }
    __tenancy__: ClassVar[Tenancy]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__tablename__" in cls.__dict__:
            TENANCIES[cls.__tablename__] = cls.__tenancy__


#: A count of minor units of money, or another integer that may pass 2**31.
BIG = BigInteger()


@dataclass(frozen=True, slots=True)
class Scope:
    """On whose behalf transactions run. ``actor`` is ``user:<id>``, ``key:<id>``, ``job:<name>`` or ``system``."""

    kind: Literal["none", "tenant", "system"]
    organisation_id: UUID | None = None
    actor: str = "system"
    request_id: str = ""


_NO_SCOPE = Scope("none")
_scope: ContextVar[Scope] = ContextVar("database_scope", default=_NO_SCOPE)


def current_scope() -> Scope:
    """The scope that the next transaction will run in."""
    return _scope.get()


@contextmanager
def tenant_scope(organisation_id: UUID, *, actor: str, request_id: str = "") -> Iterator[None]:
    """Transactions in this block see one organisation's rows."""
    token = _scope.set(Scope("tenant", organisation_id, actor, request_id))
    try:
        yield
    finally:
        _scope.reset(token)


@contextmanager
def system_scope(*, actor: str = "system", request_id: str = "") -> Iterator[None]:
    """Transactions in this block see every organisation's rows."""
    token = _scope.set(Scope("system", None, actor, request_id))
    try:
        yield
    finally:
        _scope.reset(token)


def _enter(connection: Connection) -> None:
    scope = _scope.get()
    role = JOB_ROLE if scope.kind == "system" else APP_ROLE
    connection.exec_driver_sql(
        "select set_config('role', %s, true), set_config('app.organisation_id', %s, true)",
        (role, str(scope.organisation_id or "")),
    )


def make_engine(url: str, *, pool_size: int = 10, statement_timeout_ms: int = 30_000) -> Engine:
    """An engine whose transactions run in the current scope.

    Timeouts as ``docs/architecture.md`` lists them: connect 3 s, lock 5 s, idle in a transaction 60 s.
    """
    engine = create_engine(
        psycopg2_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        # The one used last has what it knows of the tables at hand, and need not be asked for a sign of life.
        pool_use_lifo=True,
        json_serializer=lambda value: orjson.dumps(value, default=str).decode(),
        json_deserializer=orjson.loads,
        use_insertmanyvalues=True,
        # Statements' values may be personal data; errors must not carry them into logs.
        hide_parameters=True,
        connect_args={
            "connect_timeout": 3,
            "application_name": "crossdock",
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "options": f"-c statement_timeout={statement_timeout_ms} -c lock_timeout=5000"
            " -c idle_in_transaction_session_timeout=60000 -c timezone=UTC",
        },
    )
    event.listen(engine, "connect", _read_ids)
    event.listen(engine, "begin", _enter)
    event.listen(engine, "checkin", _note_time)
    event.listen(engine, "checkout", _looker(engine))
    return engine


#: A connection that was idle for longer is looked at before it is used: its server may be gone.
_LOOKED_AT_AFTER = 1.0
_RESTED_SINCE = "crossdock rested since"


@lru_cache(maxsize=16_384)
def _id_of(text: str) -> UUID:
    return UUID(text)


def _as_id(text: str | None, _cursor: object) -> UUID | None:
    return None if text is None else _id_of(text)


#: Oid 2950 is uuid. Lists of rows name the same organisations, products and locations over and over, and making an id
#: of its text is among the dearest parts of reading them.
_ID = psycopg2.extensions.new_type((2950,), "ID", cast(Any, _as_id))
_IDS = psycopg2.extensions.new_array_type((2951,), "ID[]", _ID)


def _read_ids(connection: Any, _record: ConnectionPoolEntry) -> None:
    psycopg2.extensions.register_type(_ID, connection)
    psycopg2.extensions.register_type(_IDS, connection)


def _note_time(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info[_RESTED_SINCE] = time.monotonic()


def _looker(engine: Engine) -> Callable[[DBAPIConnection, ConnectionPoolEntry, PoolProxiedConnection], None]:
    """What asks a rested connection for a sign of life; the pool opens another one where there is none. One in
    steady use is not asked each time: that would be a round trip more for every transaction."""
    trouble = engine.dialect.loaded_dbapi.Error

    def look(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        if time.monotonic() - record.info.get(_RESTED_SINCE, math.inf) < _LOOKED_AT_AFTER:
            return
        try:
            engine.dialect.do_ping(connection)
        except trouble as error:
            raise DisconnectionError from error

    return look


def psycopg2_url(url: str) -> str:
    """``postgres://`` and ``postgresql://`` addresses with the driver that we use named."""
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql+psycopg2://", url)


_engine: Engine | None = None


def engine() -> Engine:
    """This process's engine, made on first use."""
    global _engine
    if _engine is None:
        use(make_engine(settings().database_url, pool_size=settings().database_pool_size))
    assert _engine is not None
    return _engine


def use(engine: Engine) -> None:
    """Make ``engine`` this process's engine."""
    global _engine
    if _engine is not None and _engine is not engine:
        _engine.dispose()
    _engine = engine


def forked() -> None:
    """This process was forked from another one: that one's connections are left alone, and new ones are made."""
    engine().dispose(close=False)


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction in the current scope: committed at the end, rolled back on any error."""
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        yield session


def table_of(model: type[Base]) -> Table:
    """A model's table, for statements that write lists of rows without going through objects."""
    return cast(Table, model.__table__)


#: Lists of so many rows are written by COPY, in chunks of so many bytes.
_COPIED_FROM = 250
_CHUNK = 1 << 16
#: Under this key a session keeps the rows of a ``together`` block until its end.
_GATHERED = "rows added together"


def add_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert a list of rows in one statement, the quick way of the hot paths (no RETURNING, no objects).

    All rows name the same columns; the others get the database's defaults. The rows travel as one JSON parameter,
    so that the statement's text is the same for any number of them; long lists by COPY.
    """
    if not rows:
        return
    gathered = session.info.get(_GATHERED)
    columns = tuple(rows[0])
    if gathered is None and len(rows) >= _COPIED_FROM and len(columns) > 1:
        _copy_rows(session, model, columns, map(itemgetter(*columns), rows))
    elif gathered is None:
        _send(session, {(model, columns): rows})
    else:
        key = (model, columns)
        # A table's place is where it was last added to: what its rows refer to was added before.
        gathered[key] = [*gathered.pop(key, ()), *rows]


def add_values(session: Session, model: type[Base], columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """``add_rows``, of rows that are values in the order of ``columns`` (two or more)."""
    if len(rows) >= _COPIED_FROM and _GATHERED not in session.info:
        _copy_rows(session, model, columns, rows)
    else:
        add_rows(session, model, [dict(zip(columns, row, strict=True)) for row in rows])


def _copy_rows(session: Session, model: type[Base], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    table = table_of(model)
    names = ", ".join(f'"{table.c[column].name}"' for column in columns)
    documents = {place for place, column in enumerate(columns) if isinstance(table.c[column].type, JSONB)}
    lines = io.BytesIO(copy_lines(rows, documents))
    connection = session.connection()
    if TENANCIES[table.name].kind == "shared":
        _copy(connection, f"copy {table.name} ({names}) from stdin", lines)
        return
    # COPY does not write behind row-level security, INSERT does.
    beside = f"pg_temp.copied_{table.name}"
    like = f"select {names} from {table.name} limit 0"  # noqa: S608 - our own tables' names, also below
    connection.exec_driver_sql(f"create temp table copied_{table.name} on commit drop as {like}")
    _copy(connection, f"copy {beside} from stdin", lines)
    connection.exec_driver_sql(f"insert into {table.name} ({names}) select * from {beside}; drop table {beside}")  # noqa: S608


def _copy(connection: Connection, statement: str, lines: io.BytesIO) -> None:
    driver = connection.dialect.loaded_dbapi
    with cast(Any, connection.connection.cursor()) as cursor:
        try:
            cursor.copy_expert(statement, lines, _CHUNK)
        except driver.Error as error:
            # As of all other statements.
            raise DBAPIError.instance(
                statement, None, error, driver.Error, hide_parameters=True, dialect=connection.dialect
            ) from error


def change_rows(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Change rows by their ``id``: each names the columns that it changes, the others stay. One statement for each set
    of columns; what the database fills by itself can't be named."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(sorted(row)), []).append(row)
    for columns, alike in groups.items():
        session.connection().exec_driver_sql(
            _alteration(model, columns), (orjson.dumps(alike, default=_as_json).decode(),)
        )


@contextmanager
def together(session: Session) -> Iterator[None]:
    """Rows added (``add_rows``) in this block are written at its end: one statement a table, all in one round trip.

    Nothing in the block may read them back. An error drops them; the caller's transaction is lost then anyway.
    """
    if _GATHERED in session.info:
        yield
        return
    gathered: dict[tuple[type[Base], tuple[str, ...]], Sequence[Mapping[str, Any]]] = {}
    session.info[_GATHERED] = gathered
    try:
        yield
    finally:
        del session.info[_GATHERED]
    if gathered:
        _send(session, gathered)


def _send(session: Session, gathered: Mapping[tuple[type[Base], tuple[str, ...]], Sequence[Mapping[str, Any]]]) -> None:
    session.connection().exec_driver_sql(
        ";".join(_insertion(model, columns) for model, columns in gathered),
        tuple(orjson.dumps(rows, default=_as_json).decode() for rows in gathered.values()),
    )


@cache
def _insertion(model: type[Base], columns: tuple[str, ...]) -> str:
    table = table_of(model)
    names = ", ".join(f'"{table.c[column].name}"' for column in columns)
    rows = f"json_populate_recordset(null::{table.name}, %s)"
    return f"insert into {table.name} ({names}) select {names} from {rows}"  # noqa: S608 - our own tables' names


@cache
def _alteration(model: type[Base], columns: tuple[str, ...]) -> str:
    table = table_of(model)
    news = ", ".join(f'"{table.c[name].name}" = news."{table.c[name].name}"' for name in columns if name != "id")
    rows = f"json_populate_recordset(null::{table.name}, %s)"
    return f"update {table.name} as row set {news} from {rows} as news where row.id = news.id"  # noqa: S608 - as above


def _as_json(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return "\\x" + bytes(value).hex()
    return str(value)
