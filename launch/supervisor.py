"""Keeping a set of processes alive: started together, restarted when they end, stopped together.

Each has a file with its process id, so that others can find (and, in tests, kill) it.
"""

from __future__ import annotations

import fcntl
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO

from launch.children import StartError, spawn, stop

#: A process that ends sooner than this after its start is started again with a growing pause.
_SETTLED_SECONDS = 5.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.2, 3.0
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Process:
    """One process to keep alive. ``log`` gets its output; None lets it write where we write."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path | None = None


@dataclass(slots=True)
class _Kept:
    process: Process
    child: subprocess.Popen[bytes]
    started: float
    pause: float = _SHORTEST_PAUSE
    restart_at: float | None = None


@dataclass(slots=True)
class Supervisor:
    """Starts processes in order and keeps them until it is told to stop."""

    pid_folder: Path
    _kept: list[_Kept] = field(default_factory=list)
    _stopping: bool = False
    _lock: IO[str] | None = None

    def start(self, process: Process) -> None:
        """Start one process and keep it. Raises ``StartError`` when another supervisor has the folder."""
        self._claim()
        self._kept.append(_Kept(process, self._spawn(process), time.monotonic()))

    def run(self) -> None:
        """Keep all processes alive until SIGINT or SIGTERM, then stop them, the last started first."""

        def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
            self._stopping = True

        signal.signal(signal.SIGINT, ask_to_stop)
        signal.signal(signal.SIGTERM, ask_to_stop)
        try:
            while not self._stopping:
                self.look_after()
                time.sleep(_LOOK_SECONDS)
        finally:
            self.stop()

    def look_after(self) -> None:
        """Restart what has ended."""
        now = time.monotonic()
        for kept in self._kept:
            if kept.restart_at is None and kept.child.poll() is not None:
                quick = now - kept.started < _SETTLED_SECONDS
                kept.pause = min(_LONGEST_PAUSE, kept.pause * 2) if quick else _SHORTEST_PAUSE
                kept.restart_at = now + kept.pause
            if kept.restart_at is not None and now >= kept.restart_at:
                kept.child, kept.started, kept.restart_at = self._spawn(kept.process), now, None

    def stop(self) -> None:
        """Stop everything: all are asked at once, then waited for."""
        for kept in reversed(self._kept):
            if kept.child.poll() is None:
                kept.child.send_signal(signal.SIGTERM)
        for kept in reversed(self._kept):
            stop(kept.child, patience=10)
            (self.pid_folder / f"{kept.process.name}.pid").unlink(missing_ok=True)
        self._kept.clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _claim(self) -> None:
        """Take the folder: two supervisors would write one another's files."""
        if self._lock is not None:
            return
        self.pid_folder.mkdir(parents=True, exist_ok=True)
        lock = (self.pid_folder / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise StartError(
                f"Crossdock runs already in {self.pid_folder.parent}. "
                "Stop it first, or set CROSSDOCK_DATA_DIR to another folder."
            ) from error
        self._lock = lock

    def _spawn(self, process: Process) -> subprocess.Popen[bytes]:
        if process.log is None:
            child = spawn(process.argv, env=process.env)
        else:
            process.log.parent.mkdir(parents=True, exist_ok=True)
            with process.log.open("ab") as output:
                child = spawn(process.argv, env=process.env, output=output)
        file = self.pid_folder / f"{process.name}.pid"
        waiting = file.with_suffix(".pid.new")
        waiting.write_text(f"{child.pid}\n")
        waiting.replace(file)
        return child
