"""The login that owns the tables is an ordinary one: migrations work for it, and production takes no other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from uuid import uuid4

import psycopg2
import pytest
from alembic import command
from alembic.config import Config
from psycopg2.extensions import parse_dsn

from app import db
from app.kit import clock
from app.kit.ids import new_id
from launch.children import StartError
from launch.cli import ROOT
from launch.privileges import refuse_privileged_login
from tests.adapters.settings import set_up
from tests.launch.test_settings import PRODUCTION

__all__ = ["set_up"]

_PASSWORD = "an ordinary password"


def administer(*statements: str) -> None:
    """As the cluster's superuser, in the database ``postgres``."""
    connection = psycopg2.connect(os.environ["TEST_DATABASE_URL"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def url_of(login: str, database: str) -> str:
    """The address at which a login reaches a database of the tests' server."""
    parts = parse_dsn(os.environ["TEST_DATABASE_URL"])
    return f"postgresql://{login}:{_PASSWORD.replace(' ', '%20')}@{parts['host']}:{parts['port']}/{database}"


@pytest.fixture
def owned(engine: None) -> Iterator[str]:
    """An empty database of a login that is no superuser and has the two roles to grant, as the runbook says."""
    name = f"ordinary_{uuid4().hex[:12]}"
    administer(
        f"create role {name} login password '{_PASSWORD}'",
        f"grant {db.APP_ROLE}, {db.JOB_ROLE} to {name} with admin option",
        f"create database {name} owner {name}",
    )
    yield url_of(name, name)
    administer(f"drop database {name} with (force)", f"drop role {name}")


@pytest.fixture
def login() -> Iterator[Callable[[str], str]]:
    """Makes logins with an attribute, and gives their addresses."""
    made = []

    def make(attribute: str) -> str:
        made.append(f"login_{uuid4().hex[:12]}")
        administer(f"create role {made[-1]} login {attribute} password '{_PASSWORD}'")
        return url_of(made[-1], "postgres")

    yield make
    administer(*(f"drop role {name}" for name in made))


def configuration(url: str) -> Config:
    """Alembic's, for one database."""
    found = Config(str(ROOT / "alembic.ini"))
    found.set_main_option("script_location", str(ROOT / "migrations"))
    found.attributes["url"] = url
    return found


def test_an_ordinary_owner_runs_every_migration_and_each_touches_every_row(owned: str) -> None:
    command.upgrade(configuration(owned), "0003")
    now, retailer, with_token, without = clock.now(), new_id(), new_id(), new_id()
    first, second = new_id(), new_id()
    connection = psycopg2.connect(owned)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"set local role {db.JOB_ROLE}")
        cursor.execute(
            "insert into organisations (id, kind, name, country, currency, timezone, locale, created_at) "
            "values (%s, 'retailer', 'Northwind', 'US', 'USD', 'UTC', 'en', %s)",
            (str(retailer), now),
        )
        for store in (with_token, without):
            cursor.execute(
                "insert into stores (id, retailer_id, platform, external_id, name, url, currency, timezone, country, "
                "status, buffer_percent, created_at) "
                "values (%s, %s, 'shopify', %s, '', '', 'USD', 'UTC', 'US', 'connected', 10, %s)",
                (str(store), str(retailer), f"{store}.myshopify.com", now),
            )
        cursor.execute(
            "insert into store_credentials (store_id, retailer_id, access_token, scopes, updated_at) "
            "values (%s, %s, '', '[]', %s)",
            (str(with_token), str(retailer), now),
        )
        cursor.execute(
            "insert into ledger_accounts (id, kind, currency, created_at) "
            "values (%s, 'exchange', 'USD', %s), (%s, 'commission', 'USD', %s)",
            (str(first), now, str(second), now),
        )
        entries = [str(new_id()), str(new_id())]
        for entry, details in zip(entries, ("{}", f'{{"reverses": "{entries[0]}"}}'), strict=True):
            cursor.execute(
                "insert into journal_entries (id, idempotency_key, kind, reference_type, reference_id, description, "
                "details, occurred_at, created_at) values (%s, %s, 'test', 'order', '1', '', %s, %s, %s)",
                (entry, entry, details, now, now),
            )
            for account, amount in ((first, 5), (second, -5)):
                cursor.execute(
                    "insert into postings (id, entry_id, account_id, amount, currency) values (%s, %s, %s, %s, 'USD')",
                    (str(new_id()), entry, str(account), amount),
                )
    command.upgrade(configuration(owned), "head")
    with connection, connection.cursor() as cursor:
        cursor.execute(f"set local role {db.JOB_ROLE}")
        cursor.execute("select id::text, claimed from stores")
        assert dict(cursor.fetchall()) == {str(with_token): True, str(without): False}
        cursor.execute("select id::text, reverses_id::text from journal_entries")
        assert dict(cursor.fetchall()) == {entries[0]: None, entries[1]: entries[0]}
    connection.close()


def test_the_tables_are_those_of_the_code_and_the_migrations_lead_back(owned: str) -> None:
    command.upgrade(configuration(owned), "head")
    command.check(configuration(owned))
    command.downgrade(configuration(owned), "0005")
    command.upgrade(configuration(owned), "head")


@pytest.mark.parametrize(("attribute", "said"), [("superuser", "is a superuser"), ("bypassrls", "has BYPASSRLS")])
def test_production_refuses_a_login_that_passes_the_policies_by(
    login: Callable[[str], str],
    set_up: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    attribute: str,
    said: str,
) -> None:
    url = login(attribute)
    production(monkeypatch, set_up, url)
    with pytest.raises(StartError, match=f"^DATABASE_URL: its user {said}") as refused:
        refuse_privileged_login()
    assert "\n" not in str(refused.value)
    assert _PASSWORD not in str(refused.value)


def test_production_takes_an_ordinary_login_and_waits_for_a_database_that_is_away(
    login: Callable[[str], str], set_up: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in (login(""), PRODUCTION["DATABASE_URL"]):
        production(monkeypatch, set_up, url)
        refuse_privileged_login()


def test_development_takes_any_login(engine: None) -> None:
    refuse_privileged_login()


def production(monkeypatch: pytest.MonkeyPatch, set_up: Callable[..., None], url: str) -> None:
    """This process's settings are a production's, with this database."""
    monkeypatch.delenv("CROSSDOCK_PASSWORD_MEMORY_KIB", raising=False)
    for name, value in {**PRODUCTION, "DATABASE_URL": url}.items():
        monkeypatch.setenv(name, value)
    set_up()
