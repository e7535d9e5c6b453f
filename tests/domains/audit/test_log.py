"""The audit log: what is written verifies, and whoever changes it behind Crossdock's back is found out."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import psycopg2.extras
import pytest
from alembic import command as alembic_command
from alembic.config import Config as AlembicConfig
from click.testing import CliRunner
from sqlalchemy import func, select

from app import db
from app.audit.models import AuditEvent, AuditSeal, AuditWaiting
from app.audit.rules import GENESIS, leaf_hash, merkle_root
from app.audit.service import record, seal, verify
from app.kit import clock
from launch import postgres
from launch.cli import ROOT, main
from tests import factories as make

pytestmark = pytest.mark.usefixtures("committed", "system")


@pytest.fixture
def forge(database_url: str) -> Iterator[Callable[..., None]]:
    """Statements of somebody who has a superuser's access and switches the triggers off."""
    connection = psycopg2.connect(database_url)
    psycopg2.extras.register_uuid(conn_or_curs=connection)

    def execute(statement: str, *values: object) -> None:
        with connection, connection.cursor() as cursor:
            cursor.execute("set local session_replication_role = replica")
            cursor.execute(statement, values)
            assert cursor.rowcount > 0

    yield execute
    connection.close()


def write(organisation_id: UUID, *actions: str) -> list[UUID]:
    """Events of their own transaction, sealed together. Returns their ids in order."""
    with db.transaction() as session:
        for action in actions:
            record(session, organisation_id, action, "thing", "1", details={"number": 1})
    with db.transaction() as session:
        seal(session)
        return list(
            session.scalars(
                select(AuditEvent.id)
                .where(AuditEvent.organisation_id == organisation_id, AuditEvent.action.in_(actions))
                .order_by(AuditEvent.id)
            )
        )


def check() -> tuple[int, str]:
    """What ``crossdock audit verify`` ends with, and what it says."""
    outcome = CliRunner().invoke(main, ["audit", "verify"])
    assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exc_info
    return outcome.exit_code, outcome.output


@pytest.fixture
def log() -> tuple[UUID, list[UUID]]:
    """An organisation with six events in two seals, beside another that nobody touches."""
    mine, other = uuid4(), uuid4()
    write(other, "test.other")
    first = write(mine, "test.a", "test.b", "test.c")
    return mine, first + write(mine, "test.d", "test.e", "test.f")


def test_what_was_written_and_sealed_verifies(log: tuple[UUID, list[UUID]]) -> None:
    code, said = check()
    assert code == 0
    assert said.splitlines()[-1] == "7 sealed events checked, 0 problems"


def test_every_change_of_the_house_is_in_a_log_that_verifies() -> None:
    with db.transaction() as session:
        make.product(session, make.supplier(session))
        make.store(session, make.retailer(session))
    with db.transaction() as session:
        written = session.scalar(select(func.count()).select_from(AuditEvent))
        assert seal(session) == written
    with db.transaction() as session:
        assert verify(session) == (written, [])


def test_sealing_again_seals_nothing_twice(log: tuple[UUID, list[UUID]]) -> None:
    with db.transaction() as session:
        seals = session.scalar(select(func.count()).select_from(AuditSeal))
        assert seal(session) == 0
        assert session.scalar(select(func.count()).select_from(AuditSeal)) == seals


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "user:somebody-else"),
        ("action", "test.harmless"),
        ("object_type", "other"),
        ("object_id", "2"),
        ("details", '{"number": 2}'),
        ("request_id", "another"),
        ("at", "2020-01-01T00:00:00Z"),
        ("leaf", "\\x00"),
    ],
)
def test_a_changed_event_is_found_and_named(
    log: tuple[UUID, list[UUID]], forge: Callable[..., None], column: str, value: str
) -> None:
    mine, events = log
    forge(f"update audit_events set {column} = %s where id = %s", value, events[1])
    code, said = check()
    assert code == 1
    assert f"{mine} seal 1 {events[1]} the event was altered" in said
    assert said.splitlines()[-1] == "7 sealed events checked, 1 problems"


def test_a_changed_event_is_found_even_with_its_hash_made_anew(
    log: tuple[UUID, list[UUID]], forge: Callable[..., None]
) -> None:
    mine, events = log
    with db.transaction() as session:
        record(session, mine, "test.forged", "thing", "1")
    forge(
        "update audit_events set leaf = (select leaf from audit_events where action = 'test.forged') where id = %s",
        events[4],
    )
    code, said = check()
    assert code == 1
    assert f"{mine} seal 2 {events[4]} the event was altered" in said


@pytest.mark.parametrize("position", [0, 2, 5])
def test_a_deleted_event_is_found_and_named(
    log: tuple[UUID, list[UUID]], forge: Callable[..., None], position: int
) -> None:
    mine, events = log
    forge("delete from audit_events where id = %s", events[position])
    code, said = check()
    assert code == 1
    assert f"{mine} seal {1 if position < 3 else 2} {events[position]} the event is gone" in said


def test_an_event_given_to_another_organisation_is_found(
    log: tuple[UUID, list[UUID]], forge: Callable[..., None]
) -> None:
    mine, events = log
    thief = uuid4()
    forge("update audit_events set organisation_id = %s where id = %s", thief, events[0])
    code, said = check()
    assert code == 1
    assert f"{mine} seal 1 {events[0]} the event is gone" in said
    assert f"{thief} unsealed {events[0]}" in said


def test_an_inserted_event_is_found_and_named(log: tuple[UUID, list[UUID]], forge: Callable[..., None]) -> None:
    mine, events = log
    forged = uuid4()
    forge(
        "insert into audit_events select %s, organisation_id, at, actor, 'test.forged', object_type, object_id, "
        "details, request_id, leaf from audit_events where id = %s",
        forged,
        events[1],
    )
    code, said = check()
    assert code == 1
    assert f"{mine} unsealed {forged} the event was put in past the log" in said


def test_events_whose_times_were_exchanged_are_found(log: tuple[UUID, list[UUID]], forge: Callable[..., None]) -> None:
    _, events = log
    forge(
        "update audit_events e set at = o.at, actor = o.actor, action = o.action, leaf = o.leaf from audit_events o "
        "where (e.id, o.id) in ((%s, %s), (%s, %s))",
        events[0],
        events[2],
        events[2],
        events[0],
    )
    code, said = check()
    assert code == 1
    for event_id in (events[0], events[2]):
        assert f"seal 1 {event_id} the event was altered" in said


def test_events_reordered_within_their_seal_are_found(log: tuple[UUID, list[UUID]], forge: Callable[..., None]) -> None:
    mine, _ = log
    forge(
        "update audit_seals set events = substr(events, 17, 16) || substr(events, 1, 16) || substr(events, 33), "
        "leaves = substr(leaves, 33, 32) || substr(leaves, 1, 32) || substr(leaves, 65) "
        "where organisation_id = %s and n = 1",
        mine,
    )
    code, said = check()
    assert code == 1
    assert f"{mine} seal 1  the seal's events do not give its root" in said


def test_reordered_seals_are_found(log: tuple[UUID, list[UUID]], forge: Callable[..., None]) -> None:
    mine, _ = log
    forge("update audit_seals set n = n + 10 where organisation_id = %s", mine)
    forge("update audit_seals set n = 13 - n where organisation_id = %s", mine)
    code, said = check()
    assert code == 1
    assert f"{mine} seal 1  the chain is broken here" in said


@pytest.mark.parametrize("number", [1, 2])
def test_a_removed_seal_is_found(log: tuple[UUID, list[UUID]], forge: Callable[..., None], number: int) -> None:
    mine, events = log
    forge("delete from audit_seals where organisation_id = %s and n = %s", mine, number)
    code, said = check()
    assert code == 1
    assert f"{mine} unsealed {events[3 * (number - 1)]} " in said


def test_an_altered_seal_is_found(log: tuple[UUID, list[UUID]], forge: Callable[..., None]) -> None:
    """Whoever removes an event and writes its seal anew breaks the chain behind it."""
    mine, events = log
    forge("delete from audit_events where id = %s", events[2])
    forge(
        "update audit_seals set rows = 2, events = substr(events, 1, 32), leaves = substr(leaves, 1, 64), "
        "root = sha256('\\x01'::bytea || substr(leaves, 1, 64)) where organisation_id = %s and n = 1",
        mine,
    )
    forge(
        "update audit_seals set hash = sha256(previous || '1|2'::bytea || root) where organisation_id = %s and n = 1",
        mine,
    )
    code, said = check()
    assert code == 1
    assert f"{mine} seal 2  the chain is broken here" in said


def test_events_that_nobody_seals_are_a_finding() -> None:
    mine = uuid4()
    with db.transaction() as session:
        record(session, mine, "test.fresh", "thing", "1")
    assert check()[0] == 0
    with clock.shifted(timedelta(minutes=-2)), db.transaction() as session:
        record(session, mine, "test.old", "thing", "1")
    code, said = check()
    assert code == 1
    assert re.search(rf"{mine} unsealed \S+ not sealed after 60 s", said)


def test_an_event_whose_transaction_ends_late_is_sealed_late() -> None:
    mine = uuid4()
    written, go_on = Event(), Event()

    def slow() -> None:
        with db.system_scope(actor="test"), db.transaction() as session:
            record(session, mine, "test.slow", "thing", "1")
            session.flush()
            written.set()
            assert go_on.wait(30)

    thread = Thread(target=slow)
    thread.start()
    assert written.wait(30)
    write(mine, "test.quick")
    go_on.set()
    thread.join(30)
    with db.transaction() as session:
        assert seal(session) == 1
    with db.transaction() as session:
        assert verify(session) == (2, [])


def test_two_sealers_at_once_seal_each_event_once() -> None:
    mine = uuid4()
    with db.transaction() as session:
        record(session, mine, "test.once", "thing", "1")
    with db.transaction() as one:
        assert seal(one) == 1
        sealed: list[int] = []

        def other() -> None:
            with db.system_scope(actor="test"), db.transaction() as session:
                sealed.append(seal(session))

        thread = Thread(target=other)
        thread.start()
        thread.join(30)
        assert sealed == [0]
    assert check()[0] == 0


@pytest.fixture
def another_cluster() -> Iterator[str]:
    """A fresh cluster with Crossdock's roles, whose transaction ids begin anew."""
    folder = Path(tempfile.mkdtemp(prefix="crossdock-tests-"))
    folder.chmod(0o755)
    server = postgres.start(folder, volatile=True)
    connection = psycopg2.connect(server.url)
    with connection, connection.cursor() as cursor:
        cursor.execute("create role crossdock_app nologin; create role crossdock_job nologin")
    connection.close()
    yield server.url
    server.stop()
    postgres.remove(folder)
    shutil.rmtree(folder, ignore_errors=True)


def test_the_log_goes_on_in_another_cluster(
    log: tuple[UUID, list[UUID]], database_url: str, another_cluster: str
) -> None:
    """A dump restored where transaction ids begin anew: everything verifies, and what is new is sealed."""
    mine, _ = log
    with db.transaction() as session:
        record(session, mine, "test.on_the_way", "thing", "1")
    programs = postgres._find_binaries()
    dump = subprocess.run([programs / "pg_dump", database_url], capture_output=True, check=True).stdout
    subprocess.run(
        [programs / "psql", "-q", "-v", "ON_ERROR_STOP=1", another_cluster], input=dump, capture_output=True, check=True
    )
    home = db.engine()
    db.use(db.make_engine(another_cluster))
    try:
        assert len(write(mine, "test.after")) == 1
        code, said = check()
        assert (code, said.splitlines()[-1]) == (0, "9 sealed events checked, 0 problems")
        with db.transaction() as session:
            assert session.scalar(select(func.count()).select_from(AuditWaiting)) == 0
    finally:
        db.use(home)


def test_seals_from_before_they_named_their_events_stay_valid(another_cluster: str) -> None:
    """The migration that gave up windows of transaction ids keeps what was sealed, and what was not yet."""
    mine, when = uuid4(), clock.now()
    events = [(uuid4(), action) for action in ("test.a", "test.b", "test.c", "test.d")]
    _migrate(another_cluster, "0004")
    connection = psycopg2.connect(another_cluster)
    psycopg2.extras.register_uuid(conn_or_curs=connection)
    previous, start, leaves = GENESIS, 0, []
    for number, (event_id, action) in enumerate(events, 1):
        facts: dict[str, Any] = {"actor": "test", "action": action, "object_type": "thing", "object_id": "1"}
        leaf = leaf_hash(event_id=event_id, organisation_id=mine, at=when, details={}, request_id="", **facts)
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "insert into audit_events (id, organisation_id, at, actor, action, object_type, object_id, details, "
                "request_id, leaf) values (%s, %s, %s, 'test', %s, 'thing', '1', '{}', '', %s)",
                (event_id, mine, when, action, leaf),
            )
            cursor.execute("select pg_current_xact_id()::text::bigint + 1")
            end = cursor.fetchone()[0]
        leaves.append(leaf)
        if number in (2, 3):
            root = merkle_root(leaves)
            body = "|".join(map(str, (number - 1, start, end, len(leaves)))).encode()
            made = hashlib.sha256(previous + body + root).digest()
            with connection, connection.cursor() as cursor:
                cursor.execute(
                    "insert into audit_seals values (%s, %s, %s, %s, %s, %s, %s, %s, now())",
                    (mine, number - 1, start, end, len(leaves), root, previous, made),
                )
            previous, start, leaves = made, end, []
    connection.close()
    _migrate(another_cluster, "head")
    home = db.engine()
    db.use(db.make_engine(another_cluster))
    try:
        with db.transaction() as session:
            assert verify(session) == (3, [])
            assert seal(session) == 1
        with db.transaction() as session:
            assert verify(session) == (4, [])
        _migrate(another_cluster, "0004", up=False)
        _migrate(another_cluster, "head")
        with db.transaction() as session:
            assert seal(session) == 4
            assert verify(session) == (4, [])
    finally:
        db.use(home)


def _migrate(url: str, revision: str, *, up: bool = True) -> None:
    configuration = AlembicConfig(str(ROOT / "alembic.ini"))
    configuration.set_main_option("script_location", str(ROOT / "migrations"))
    configuration.attributes["url"] = url
    (alembic_command.upgrade if up else alembic_command.downgrade)(configuration, revision)
