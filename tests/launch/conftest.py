"""A data folder for each test, and Crossdock's commands run in it as a person would."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from launch import postgres
from launch.cli import ROOT
from tests.processes import wait_for


class Launcher:
    """Starts commands that find or start their own servers in one data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *argv: str, **env: str) -> subprocess.Popen[str]:
        """``crossdock <argv>``, or a script when ``argv`` begins with ``-c``."""
        clean = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "REDIS_URL") and not name.startswith(("CROSSDOCK_", "TEST_"))
        }
        process = subprocess.Popen(
            [sys.executable, *(argv if argv[0] == "-c" else ("-m", "launch.cli", *argv))],
            cwd=self.folder.parent,
            env={**clean, "CROSSDOCK_DATA_DIR": str(self.folder), "PYTHONPATH": str(ROOT), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def run(self, *argv: str, **env: str) -> tuple[int, str, str]:
        """The same, awaited: exit code, output, errors."""
        process = self.start(*argv, **env)
        out, err = process.communicate(timeout=180)
        return process.returncode, out, err

    def stop(self) -> None:
        """End what still runs, and all below it."""
        for process in self._started:
            if process.poll() is None:
                family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
                process.kill()
                for one in family:
                    if one.is_running():
                        one.kill()
            process.communicate(timeout=10)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that the servers' user can reach."""
    above = Path(tempfile.mkdtemp(prefix="crossdock-tests-"))
    above.chmod(0o755)
    yield above / "data"
    if (above / "data").is_dir():
        postgres.remove(above / "data")
    shutil.rmtree(above, ignore_errors=True)


@pytest.fixture
def launcher(folder: Path) -> Iterator[Launcher]:
    """See ``Launcher``."""
    made = Launcher(folder)
    yield made
    made.stop()


def family(pid: int) -> list[psutil.Process]:
    """A process and everything below it."""
    above = psutil.Process(pid)
    return [above, *above.children(recursive=True)]


def wait_until_gone(processes: list[psutil.Process], patience: float = 60.0) -> None:
    """All of these end; one that has ended and that nobody has collected counts."""

    def left() -> list[str]:
        found = []
        for process in processes:
            try:
                if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(" ".join(process.cmdline())[:80])
            except psutil.NoSuchProcess:
                continue
        return found

    wait_for(lambda: not left(), "every process is gone", patience=patience)
