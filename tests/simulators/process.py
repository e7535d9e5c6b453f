"""A simulator as a process of its own: started by a command, asked for its health, stopped with its parent."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import requests

from launch import children
from launch.children import free_port

__all__ = ["SimulatorProcess", "StartFailed", "free_port", "spawn", "stop_kept", "to_be_kept"]

_ROOT = Path(__file__).parents[2]
_READY_WITHIN = 30.0
_LOOK_EVERY = 0.05
_LOG_TAIL = 4000


class StartFailed(Exception):
    """The simulator ended, or did not become healthy in time; the text holds the end of its log."""


class SimulatorProcess:
    """A running simulator. It also ends by itself when the process that started it dies."""

    def __init__(self, child: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self._child = child
        self.url = url
        self.log_path = log

    @property
    def pid(self) -> int:
        """The process id, for measuring its memory and processor time."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self._child.poll() is None

    def log(self) -> str:
        """The end of what the simulator wrote."""
        return self.log_path.read_text(errors="replace")[-_LOG_TAIL:]

    def wait_until_healthy(self) -> None:
        """Wait until ``/_sim/health`` answers 200. Raises StartFailed."""
        until = time.monotonic() + _READY_WITHIN
        while time.monotonic() < until:
            if not self.running:
                raise StartFailed(f"the simulator ended with {self._child.returncode}:\n{self.log()}")
            try:
                if requests.get(f"{self.url}/_sim/health", timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(_LOOK_EVERY)
        self.stop()
        raise StartFailed(f"the simulator was not ready after {_READY_WITHIN:.0f} s:\n{self.log()}")

    def stop(self) -> None:
        """End it; harmless when it has ended already."""
        children.stop(self._child, patience=5)
        self.log_path.unlink(missing_ok=True)

    def __enter__(self) -> SimulatorProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def spawn(module: str, args: Sequence[str], port: int) -> SimulatorProcess:
    """Start ``python -m <module> --port <port> <args>`` and wait until it is healthy. Raises StartFailed."""
    with tempfile.NamedTemporaryFile(prefix="simulator-", suffix=".log", delete=False) as log:
        argv = [sys.executable, "-m", module, "--port", str(port), *args]
        child = children.spawn(argv, cwd=_ROOT, output=log.file.fileno())
    process = SimulatorProcess(child, f"http://127.0.0.1:{port}", Path(log.name))
    process.wait_until_healthy()
    return process


_kept: list[SimulatorProcess] = []


def to_be_kept(process: SimulatorProcess) -> SimulatorProcess:
    """One for all tests of a process, until ``stop_kept``: of a fixture of the whole run pytest makes one for each file
    that imports it."""
    _kept.append(process)
    return process


def stop_kept() -> None:
    """End all that were kept."""
    while _kept:
        _kept.pop().stop()
