"""The embedded servers: found by a second start, run by an ordinary user, and never left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from launch import postgres, valkey
from launch.children import StartError, service_user
from tests.launch.conftest import Launcher, family, wait_until_gone
from tests.processes import wait_for


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def answers(url: str) -> bool:
    """Whether a server lets us in and works."""
    if url.startswith("redis"):
        client = redis.Redis.from_url(url)
        try:
            return bool(client.ping())
        finally:
            client.close()
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("select 1")
        found = cursor.fetchone()
    connection.close()
    return found == (1,)


def one_line(error: StartError) -> str:
    """The text of an error, which is one line."""
    assert "\n" not in str(error)
    return str(error)


@pytest.mark.parametrize("kind", [postgres, valkey])
def test_a_second_start_finds_the_first_and_leaves_it_alone(kind: object, folder: Path, launcher: Launcher) -> None:
    name = "postgres" if kind is postgres else "valkey"
    start = postgres.start if kind is postgres else valkey.start
    first = start(folder)
    try:
        second = start(folder)
        assert (first.owned, second.owned) == (True, False)
        assert (second.url, second.pid) == (first.url, first.pid)
        code, elsewhere, errors = launcher.run(
            "-c",
            f"from pathlib import Path; from launch import {name}; "
            f"found = {name}.start(Path({str(folder)!r})); print(found.pid, found.owned); found.stop()",
        )
        assert (code, elsewhere.split()) == (0, [str(first.pid), "False"]), errors
        second.stop()
        assert answers(first.url)
        server = family(first.pid)
    finally:
        first.stop()
    wait_until_gone(server)


@pytest.mark.parametrize("start", [postgres.start, valkey.start])
def test_a_server_is_never_run_by_root_and_listens_on_loopback_only(start: object, folder: Path) -> None:
    server = postgres.start(folder) if start is postgres.start else valkey.start(folder)
    try:
        process, user = psutil.Process(server.pid), service_user()
        wanted = os.getuid() if user is None else user.uid
        assert wanted != 0
        assert set(process.uids()) == {wanted}
        listening = [one for one in process.net_connections() if one.status == psutil.CONN_LISTEN]
        assert {one.laddr.ip for one in listening} == {"127.0.0.1"}
    finally:
        server.stop()


@pytest.mark.parametrize("start", [postgres.start, valkey.start])
def test_nobody_comes_in_without_the_password(start: object, folder: Path) -> None:
    server = postgres.start(folder) if start is postgres.start else valkey.start(folder)
    try:
        password = server.url.rsplit("@", 1)[0].rsplit(":", 1)[1]
        assert len(password) >= 30
        with pytest.raises((psycopg2.OperationalError, redis.AuthenticationError)):
            answers(server.url.replace(password, "wrong"))
        assert password not in " ".join(psutil.Process(server.pid).cmdline())
        for path in folder.rglob("*"):
            if path.is_file() and path.stat().st_mode & 0o077:
                assert password.encode() not in path.read_bytes(), path
    finally:
        server.stop()


ORDINARY = """
import encodings.idna, json, os, psycopg2, redis, signal
from pathlib import Path
from launch import children, postgres, valkey
try:
    redis.Redis(port=1).ping()
except redis.ConnectionError:
    pass
if os.geteuid() == 0:
    # Everything is imported by now: the interpreter itself may lie where an ordinary user can't go.
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
assert children.service_user() is None
made = []
try:
    for kind in (postgres, valkey):
        made.append(kind.start(Path(FOLDER)))
    print(json.dumps([[server.url, server.pid, os.stat(f"/proc/{server.pid}").st_uid] for server in made]), flush=True)
    signal.sigwait({signal.SIGTERM})
finally:
    for server in made:
        server.stop()
"""


def test_an_ordinary_user_starts_them_too(folder: Path, launcher: Launcher) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    process = launcher.start("-c", ORDINARY.replace("FOLDER", repr(str(folder))))
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said, process.stderr and process.stderr.read()
    servers = json.loads(said)
    for url, _, uid in servers:
        assert answers(url)
        assert uid == (65534 if os.getuid() == 0 else os.getuid())
    children = family(process.pid)[1:]
    assert {pid for _, pid, _ in servers} <= {child.pid for child in children}
    process.send_signal(signal.SIGKILL)
    wait_until_gone(children)


def running(folder: Path, launcher: Launcher) -> tuple[int, list[psutil.Process]]:
    """A command that started both servers: its process id and everything below it."""
    process = launcher.start("worker", "bulk")

    def both() -> bool:
        assert process.poll() is None, process.communicate()
        return (folder / "valkey" / "server.json").exists()

    wait_for(both, "both servers run", patience=90)
    return process.pid, family(process.pid)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_server_outlives_its_launcher_however_that_ends(
    folder: Path, launcher: Launcher, number: signal.Signals
) -> None:
    pid, everything = running(folder, launcher)
    assert {"postgres", "valkey-server"} <= {process.name() for process in everything}
    os.kill(pid, number)
    wait_until_gone(everything)


def test_after_a_crash_the_next_start_finds_the_data(folder: Path) -> None:
    server = postgres.start(folder)
    connection = psycopg2.connect(server.url)
    with connection, connection.cursor() as cursor:
        cursor.execute("create table kept (number integer); insert into kept values (7)")
    connection.close()
    memory = valkey.start(folder)
    client = redis.Redis.from_url(memory.url)
    client.set("kept", "7")
    client.close()
    everything = family(server.pid) + family(memory.pid)
    for process in everything:
        process.kill()
    for pid in (server.pid, memory.pid):
        psutil.Process(pid).wait(10)
    wait_until_gone(everything)
    again, memory_again = postgres.start(folder), valkey.start(folder)
    try:
        assert again.owned
        assert memory_again.owned
        connection = psycopg2.connect(again.url)
        with connection, connection.cursor() as cursor:
            cursor.execute("select number from kept")
            assert cursor.fetchone() == (7,)
        connection.close()
        assert answers(memory_again.url)
    finally:
        memory_again.stop()
        again.stop()


def test_a_taken_port_is_named(folder: Path, taken: int) -> None:
    with pytest.raises(StartError) as refused:
        postgres.start(folder, port=taken)
    assert f"Port {taken} is taken" in one_line(refused.value)
    with pytest.raises(StartError) as refused:
        valkey.start(folder, port=taken)
    assert f"Port {taken} is taken" in one_line(refused.value)


def test_a_folder_with_other_files_is_left_alone(folder: Path) -> None:
    (folder / "postgres" / "data").mkdir(parents=True)
    mine = folder / "postgres" / "data" / "holiday.jpg"
    mine.write_text("sea")
    with pytest.raises(StartError) as refused:
        postgres.start(folder)
    assert "Set CROSSDOCK_DATA_DIR to another folder." in one_line(refused.value)
    assert [path.name for path in mine.parent.iterdir()] == ["holiday.jpg"]


def test_a_folder_of_a_server_that_does_not_let_us_in_is_refused(folder: Path) -> None:
    server = postgres.start(folder)
    try:
        (folder / "postgres" / "password").write_text("another")
        with pytest.raises(StartError) as refused:
            postgres.start(folder)
        assert "is in use by another PostgreSQL" in one_line(refused.value)
        assert answers(server.url)
    finally:
        server.stop()


def test_data_of_another_version_is_refused(folder: Path) -> None:
    data = folder / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(StartError) as refused:
        postgres.start(folder)
    assert "was made by PostgreSQL 9" in one_line(refused.value)


def test_the_command_line_says_what_is_wrong_in_one_line(folder: Path, launcher: Launcher, taken: int) -> None:
    code, out, errors = launcher.run("run", "--port", str(taken))
    assert (code, out) == (1, "")
    assert errors == f"Error: Port {taken} is taken by another program. Choose another one with --port.\n"
    assert not folder.exists()
    folder.write_text("I am a file.")
    code, out, errors = launcher.run("migrate")
    assert (code, out) == (1, "")
    assert errors.startswith(f"Error: {folder} can't be used as data folder (")
    assert errors.endswith("Set CROSSDOCK_DATA_DIR to another folder.\n")
    assert errors.count("\n") == 1


def test_servers_that_are_named_are_used_and_none_is_started(
    folder: Path, launcher: Launcher, database_url: str, redis_url: str
) -> None:
    code, _, errors = launcher.run("audit", "verify", DATABASE_URL=database_url, REDIS_URL=redis_url)
    assert code == 0, errors
    assert not folder.exists()


@pytest.mark.parametrize("named", ["DATABASE_URL", "REDIS_URL"])
def test_only_the_server_that_is_not_named_is_started(
    folder: Path, launcher: Launcher, database_url: str, redis_url: str, named: str
) -> None:
    url = database_url if named == "DATABASE_URL" else redis_url
    script = (
        "import json; from app.config import settings; from launch.processes import ensure_servers; "
        "found = ensure_servers(); print(json.dumps([found.environment(), settings().database_url, "
        "settings().redis_url, found.postgres is None, found.valkey is None])); found.stop()"
    )
    code, out, errors = launcher.run("-c", script, **{named: url})
    assert code == 0, errors
    environment, database, memory, no_postgres, no_valkey = json.loads(out)
    assert environment == {"DATABASE_URL": database, "REDIS_URL": memory}
    assert environment[named] == url
    assert (no_postgres, no_valkey) == (named == "DATABASE_URL", named == "REDIS_URL")
    assert (folder / "postgres").exists() == (named == "REDIS_URL")
    assert (folder / "valkey").exists() == (named == "DATABASE_URL")
