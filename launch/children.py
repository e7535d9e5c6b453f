"""Child processes that never outlive us, and the user that servers run as."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1


class StartError(Exception):
    """A process can't be started; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """The unprivileged user that PostgreSQL runs as when we are root (it refuses to run as root)."""

    uid: int
    gid: int
    name: str


def service_user() -> ServiceUser | None:
    """Whom to become before starting PostgreSQL; None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServiceUser(entry.pw_uid, entry.pw_gid, name)
    raise StartError("PostgreSQL does not run as root, and neither user 'postgres' nor 'nobody' exists here.")


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
    """A TCP port that nobody listens on at the moment."""
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
