"""Crossdock's real processes on a test's database: started, killed by SIGKILL and started again at will."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path

import psycopg2
import requests

from app import config
from app.kit.crash import VARIABLE
from launch.children import free_port, spawn, stop
from launch.cli import main
from launch.processes import background, web

#: No recovery may take longer than this.
PATIENCE = 60.0
#: One process reads everything that the relay, the clock and the workers are made of; theirs are copies of it.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["launch.cli", "tests.preloaded"])


class Background:
    """A process of ``crossdock <command>``, as ``subprocess`` would show it."""

    def __init__(self, command: list[str], env: Mapping[str, str], log: Path) -> None:
        self._process = _FORKS.Process(target=_run, args=(command, dict(env), str(log)))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """What it ended with; the number of a signal below 0."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self.returncode

    def wait(self, patience: float) -> None:
        """Until it has ended. Raises ``TimeoutExpired``."""
        self._process.join(patience)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("crossdock", patience)

    def send_signal(self, number: int) -> None:
        """Send it one, if it has not ended."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without a word."""
        self.send_signal(signal.SIGKILL)


def _run(command: list[str], env: dict[str, str], log: str) -> None:
    os.setpgid(0, 0)
    with Path(log).open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.environ.clear()
    os.environ.update(env)
    config.reload()
    main(command)


class Processes:
    """The processes of one installation, by the names that the supervisor uses (``web``, ``relay``, ``worker``…)."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._env = {
            **os.environ,
            **env,
            "CROSSDOCK_PUBLIC_URL": self.url,
            "CROSSDOCK_DATA_DIR": str(folder / "data"),
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }
        self._children: dict[str, subprocess.Popen[bytes] | Background] = {}

    def start(self, *names: str, crash_at: str | None = None, **settings: str) -> None:
        """Start processes. ``crash_at`` names the point at which they kill themselves."""
        env = {**self._env, **settings, **({VARIABLE: crash_at} if crash_at else {})}
        known = {"web": web(self._port, env, workers=1)} | {process.name: process for process in background(env)}
        for name in names:
            path, argv = self._folder / f"{name}.log", known[name].argv
            if argv[:3] == [sys.executable, "-m", "launch.cli"]:
                self._children[name] = Background(argv[3:], env, path)
                continue
            with path.open("ab") as log:
                self._children[name] = spawn(argv, env=env, output=log)
        if "web" in names:
            wait_for(self._answers, "the web process answers")

    def kill(self, *names: str) -> None:
        """End processes, and all that they started, without a word."""
        for name in names:
            child = self._children.pop(name)
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                # It has only just begun and has no group of its own yet.
                child.kill()
            child.wait(10)

    def wait_until_dead(self, name: str) -> None:
        """Wait until a process has killed itself at its crash point (of the web process: its gunicorn worker)."""
        child = self._children.pop(name)
        child.wait(PATIENCE)
        assert child.returncode == -signal.SIGKILL, f"{name} ended with {child.returncode}: {self.log(name)}"

    def stop(self) -> None:
        """End everything."""
        for child in self._children.values():
            stop(child, patience=10)
        self._children.clear()

    def log(self, name: str) -> str:
        """The end of what a process wrote."""
        return (self._folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/livez", timeout=1).ok
        except requests.RequestException:
            return False


def wait_for(condition: Callable[[], bool], what: str, *, patience: float = PATIENCE) -> float:
    """Look until the condition holds. Returns the seconds it took; fails after ``patience`` seconds."""
    begun = time.monotonic()
    while not condition():
        waited = time.monotonic() - begun
        assert waited < patience, f"after {waited:.0f} s still not: {what}"
        time.sleep(0.05)
    return time.monotonic() - begun


def wait_for_lock(database_url: str, what: str, *, waiting: int = 1, ended: Callable[[], bool] = lambda: False) -> None:
    """Wait until somebody, or so many, wait for a lock in this database, or they have ``ended`` without it. Fails as
    ``wait_for``."""
    # A transaction sees who waits as it was when it first looked.
    with closing(psycopg2.connect(database_url)) as looking, looking.cursor() as cursor:
        looking.autocommit = True

        def waits() -> bool:
            cursor.execute(
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            )
            return bool(cursor.fetchone()[0] >= waiting)

        wait_for(lambda: waits() or ended(), what)
