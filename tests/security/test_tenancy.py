"""Row-level security, table by table: what another tenant can see, write or point at is nothing.

The matrix is generated from the tables' declared tenancy, so a new table is covered on the day it appears.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg2
import psycopg2.errors
import psycopg2.extras
import pytest
from sqlalchemy.dialects import postgresql

import app
from app.db import APP_ROLE, JOB_ROLE, TENANCIES, Base, Tenancy

for _module in pkgutil.iter_modules(app.__path__):
    if _module.ispkg and importlib.util.find_spec(f"app.{_module.name}.models"):
        importlib.import_module(f"app.{_module.name}.models")

TENANT_TABLES = sorted(name for name, tenancy in TENANCIES.items() if tenancy.kind in ("own", "parties"))
SYSTEM_TABLES = sorted(name for name, tenancy in TENANCIES.items() if tenancy.kind == "system")
PROTECTED = TENANT_TABLES + SYSTEM_TABLES

psycopg2.extras.register_uuid()


@pytest.fixture(scope="module")
def opened(database_url: str) -> Iterator[psycopg2.extensions.connection]:
    made = psycopg2.connect(database_url)
    yield made
    made.close()


@pytest.fixture
def connection(opened: psycopg2.extensions.connection) -> Iterator[psycopg2.extensions.connection]:
    """Nothing that a test does is committed."""
    yield opened
    opened.rollback()


def become(cursor: psycopg2.extensions.cursor, role: str, organisation: object) -> None:
    cursor.execute(
        "select set_config('role', %s, true), set_config('app.organisation_id', %s, true)",
        (role, str(organisation or "")),
    )


def tenant_columns(tenancy: Tenancy) -> tuple[str, ...]:
    return tenancy.columns


def insert_row(cursor: psycopg2.extensions.cursor, table: str, values: dict[str, object]) -> None:
    """A row with made-up values in every column that needs one; constraints between tables aside."""
    columns = dict(values)
    for column in Base.metadata.tables[table].columns:
        if column.name in columns or column.computed is not None or column.identity is not None:
            continue
        if column.nullable or column.server_default is not None:
            continue
        columns[column.name] = _made_up(column.type.compile(dialect=postgresql.dialect()))
    names = ", ".join(columns)
    marks = ", ".join(["%s"] * len(columns))
    cursor.execute(f"insert into {table} ({names}) values ({marks})", list(columns.values()))


def _made_up(kind: str) -> object:
    kind = kind.upper()
    if kind.endswith("[]"):
        return "{}"
    if "UUID" in kind:
        return uuid4()
    if "JSON" in kind:
        return psycopg2.extras.Json([])
    if "BYTEA" in kind:
        return uuid4().bytes
    if "TIMESTAMP" in kind or "DATETIME" in kind:
        return "2026-01-01T00:00:00Z"
    if kind == "DATE":
        return "2026-01-01"
    if "BOOL" in kind:
        return True
    if "INT" in kind or "NUMERIC" in kind:
        return 1
    return f"text-{uuid4()}"


def seeded(cursor: psycopg2.extensions.cursor, table: str, owner: UUID) -> None:
    """A row of ``owner``, written behind the back of foreign keys and policies."""
    cursor.execute("set local session_replication_role = replica")
    insert_row(cursor, table, dict.fromkeys(tenant_columns(TENANCIES[table]), owner))
    cursor.execute("set local session_replication_role = origin")


def test_every_table_declares_its_tenancy_and_the_database_enforces_it(
    connection: psycopg2.extensions.connection,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname, relrowsecurity and relforcerowsecurity from pg_class "
            "join pg_namespace on pg_namespace.oid = relnamespace where nspname = 'public' and relkind = 'r'"
        )
        enforced = dict(cursor.fetchall())
        enforced.pop("alembic_version")
        assert set(enforced) == set(TENANCIES)
        for table, on in enforced.items():
            assert on == (TENANCIES[table].kind != "shared"), table
        cursor.execute(
            "select rolname, rolsuper, rolbypassrls, rolcanlogin from pg_roles where rolname like 'crossdock\\_%'"
        )
        assert {row[0]: row[1:] for row in cursor.fetchall()} == {
            APP_ROLE: (False, False, False),
            JOB_ROLE: (False, False, False),
        }


def test_nothing_in_the_database_steps_round_the_policies(connection: psycopg2.extensions.connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select viewname from pg_views where schemaname = 'public'")
        assert cursor.fetchall() == []
        cursor.execute("select matviewname from pg_matviews where schemaname = 'public'")
        assert cursor.fetchall() == []
        cursor.execute(
            "select proname from pg_proc join pg_namespace on pg_namespace.oid = pronamespace "
            "where nspname = 'public' and prosecdef"
        )
        assert cursor.fetchall() == []


@pytest.mark.parametrize("table", PROTECTED)
@pytest.mark.parametrize("as_whom", ["nobody", "another"])
def test_a_row_is_invisible_to_others(connection: psycopg2.extensions.connection, table: str, as_whom: str) -> None:
    owner, other = uuid4(), uuid4()
    with connection.cursor() as cursor:
        seeded(cursor, table, owner)
        become(cursor, APP_ROLE, other if as_whom == "another" else None)
        if table in SYSTEM_TABLES:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(f"select count(*) from {table}")
            return
        cursor.execute(f"select count(*) from {table}")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_row_is_visible_to_its_owner_and_to_jobs(connection: psycopg2.extensions.connection, table: str) -> None:
    owner = uuid4()
    with connection.cursor() as cursor:
        seeded(cursor, table, owner)
        become(cursor, JOB_ROLE, None)
        cursor.execute(f"select count(*) from {table}")
        assert cursor.fetchone() == (1,)
        become(cursor, APP_ROLE, owner)
        cursor.execute(f"select count(*) from {table}")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_nobody_writes_a_row_of_another(connection: psycopg2.extensions.connection, table: str) -> None:
    owner, other = uuid4(), uuid4()
    with connection.cursor() as cursor:
        become(cursor, APP_ROLE, other)
        with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ForeignKeyViolation)) as refused:
            insert_row(cursor, table, dict.fromkeys(tenant_columns(TENANCIES[table]), owner))
    assert isinstance(refused.value, psycopg2.errors.InsufficientPrivilege), "the policy speaks before the keys"


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_others_change_and_delete_nothing(connection: psycopg2.extensions.connection, table: str) -> None:
    owner, other = uuid4(), uuid4()
    column = tenant_columns(TENANCIES[table])[0]
    with connection.cursor() as cursor:
        seeded(cursor, table, owner)
        become(cursor, APP_ROLE, other)
        if TENANCIES[table].append_only:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(f"update {table} set {column} = {column}")
            return
        cursor.execute(f"update {table} set {column} = {column}")
        assert cursor.rowcount == 0
        cursor.execute(f"delete from {table}")
        assert cursor.rowcount == 0


@pytest.mark.parametrize("table", [name for name in TENANT_TABLES if not TENANCIES[name].append_only])
def test_nobody_gives_a_row_away(connection: psycopg2.extensions.connection, table: str) -> None:
    owner, other = uuid4(), uuid4()
    columns = tenant_columns(TENANCIES[table])
    with connection.cursor() as cursor:
        seeded(cursor, table, owner)
        cursor.execute("set local session_replication_role = replica")
        become(cursor, APP_ROLE, owner)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(
                f"update {table} set " + ", ".join(f"{column} = %s" for column in columns), [other] * len(columns)
            )


@pytest.mark.parametrize("table", sorted(name for name, tenancy in TENANCIES.items() if tenancy.append_only))
def test_what_is_written_once_stays(connection: psycopg2.extensions.connection, table: str) -> None:
    owner = uuid4()
    with connection.cursor() as cursor:
        seeded(cursor, table, owner)
        cursor.execute("savepoint here")
        for statement in (
            f"update {table} set id = id" if "id" in Base.metadata.tables[table].columns else None,
            f"delete from {table}",
        ):
            if statement is None:
                continue
            with pytest.raises(psycopg2.errors.RestrictViolation):
                cursor.execute(statement)
            cursor.execute("rollback to here")


def test_a_purchase_order_is_its_suppliers_only_once_it_is_released(
    connection: psycopg2.extensions.connection,
) -> None:
    retailer, supplier = uuid4(), uuid4()
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        insert_row(cursor, "purchase_orders", {"retailer_id": retailer, "supplier_id": supplier})
        become(cursor, APP_ROLE, supplier)
        cursor.execute("select count(*) from purchase_orders")
        assert cursor.fetchone() == (0,)
        become(cursor, APP_ROLE, retailer)
        cursor.execute("update purchase_orders set released_at = now()")
        assert cursor.rowcount == 1
        become(cursor, APP_ROLE, supplier)
        cursor.execute("select count(*) from purchase_orders")
        assert cursor.fetchone() == (1,)


def test_a_key_to_another_tenants_row_is_refused_like_one_to_nothing(
    connection: psycopg2.extensions.connection,
) -> None:
    """Foreign keys look past policies; with the tenant in the key they can't be used to feel for rows."""
    mine, theirs, their_store = uuid4(), uuid4(), uuid4()
    with connection.cursor() as cursor:
        cursor.execute("set local session_replication_role = replica")
        insert_row(cursor, "stores", {"retailer_id": theirs, "id": their_store})
        cursor.execute("set local session_replication_role = origin")
        become(cursor, APP_ROLE, mine)
        answers = []
        for store in (their_store, uuid4()):
            cursor.execute("savepoint here")
            with pytest.raises(psycopg2.errors.ForeignKeyViolation) as refused:
                insert_row(cursor, "store_credentials", {"retailer_id": mine, "store_id": store})
            answers.append(refused.value.diag.constraint_name)
            cursor.execute("rollback to here")
    assert answers[0] == answers[1]
