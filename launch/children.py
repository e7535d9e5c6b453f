"""Child processes that never outlive us, and the user that servers run as."""

from __future__ import annotations

import ctypes
import hashlib
import os
import pwd
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
#: Where servers' files go when their user can't get to the data folder.
_FALLBACK = Path("/var/lib/crossdock")
#: Linux takes ports of connections that go out from 32,768 on, other systems from 49,152.
_PORTS = range(20_000, 32_768)


class StartError(Exception):
    """A process can't be started; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """The unprivileged user that servers run as when we are root (PostgreSQL refuses to run as root)."""

    uid: int
    gid: int
    name: str


def service_user() -> ServiceUser | None:
    """Whom to become before starting a server; None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServiceUser(entry.pw_uid, entry.pw_gid, name)
    raise StartError("PostgreSQL does not run as root, and neither user 'postgres' nor 'nobody' exists here.")


def server_root(folder: Path, name: str, user: ServiceUser | None) -> Path:
    """A folder for a server's files within the data folder, or elsewhere when its user can't get there.

    Raises ``StartError`` when the data folder can't be used.
    """
    root = folder / name
    try:
        root.mkdir(parents=True, exist_ok=True)
        if user is not None and not reachable(root, user):
            root = _FALLBACK / hashlib.sha256(str(folder).encode()).hexdigest()[:12] / name
            root.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as error:
        raise StartError(
            f"{folder} can't be used as data folder ({error.strerror}). Set CROSSDOCK_DATA_DIR to another folder."
        ) from error
    return root


def reachable(path: Path, user: ServiceUser) -> bool:
    """Whether the user may pass through every folder on the way to ``path`` (and enter it)."""
    folders = [*path.resolve().parents] + ([path] if path.is_dir() else [])
    for parent in folders:
        info = parent.stat()
        bit = 0o100 if info.st_uid == user.uid else 0o010 if info.st_gid == user.gid else 0o001
        if not info.st_mode & bit:
            return False
    return True


def spawn(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: ServiceUser | None = None,
    output: IO[bytes] | int | None = None,
    death_signal: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in its own process group. On Linux it gets ``death_signal`` when this process dies,
    even by SIGKILL; call it from the main thread, whose life is what the kernel watches."""

    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def prepare() -> None:
        os.setpgid(0, 0)
        if user is not None:
            os.setgroups([])
            os.setgid(user.gid)
            os.setuid(user.uid)
        if libc is not None:
            # After the change of user, which would clear it.
            libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return subprocess.Popen(
        [str(part) for part in argv],
        env=None if env is None else dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        preexec_fn=prepare,
    )


def stop(child: subprocess.Popen[bytes], *, gently: int = signal.SIGTERM, patience: float = 10.0) -> None:
    """Ask a child to end, wait ``patience`` seconds, then end it."""
    if child.poll() is not None:
        return
    child.send_signal(gently)
    try:
        child.wait(patience)
    except subprocess.TimeoutExpired:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            child.kill()
        child.wait(5)


def is_alive(pid: int) -> bool:
    """Whether a process with this id exists and has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, IndexError):
        return True


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nobody listens on at the moment. It is below those that systems give to connections that go out,
    so that none of these takes it until somebody listens."""
    for _ in range(20):
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((host, port))
            return port
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def port_taken(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False
