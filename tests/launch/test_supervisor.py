"""Supervision: what ends is back in seconds under its own name, and nothing is left when the supervisor goes."""

from __future__ import annotations

import itertools
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from launch.children import StartError, free_port, is_alive, spawn, stop
from launch.supervisor import Process, Supervisor
from tests.launch.conftest import Launcher, family, wait_until_gone
from tests.processes import wait_for

QUICKLY = 5.0
NAMES = ("web", "relay", "clock", "worker", "worker-stores", "worker-money", "worker-bulk")


def waiting(name: str = "one", script: str = "import signal; signal.pause()") -> Process:
    """A process that waits until it is told to end."""
    return Process(name, [sys.executable, "-c", script], os.environ)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    """A supervisor without processes."""
    made = Supervisor(tmp_path / "pids")
    yield made
    made.stop()


def pid_of(folder: Path, name: str) -> int:
    """The process id that the file of a process names."""
    return int((folder / f"{name}.pid").read_text())


def test_a_killed_process_is_back_with_its_file_true(supervisor: Supervisor) -> None:
    supervisor.start(waiting("one"))
    supervisor.start(waiting("two"))
    before, other = pid_of(supervisor.pid_folder, "one"), pid_of(supervisor.pid_folder, "two")
    os.kill(before, signal.SIGKILL)

    def back() -> bool:
        supervisor.look_after()
        now = pid_of(supervisor.pid_folder, "one")
        return now != before and is_alive(now)

    assert wait_for(back, "the process is back", patience=QUICKLY) < QUICKLY
    assert not is_alive(before)
    assert pid_of(supervisor.pid_folder, "two") == other


def test_a_process_that_ends_at_once_is_started_again_and_again_but_ever_more_slowly(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    starts = tmp_path / "starts"
    supervisor.start(waiting(script=f"import time; open({str(starts)!r}, 'a').write(f'{{time.monotonic()}}\\n')"))

    def many() -> bool:
        supervisor.look_after()
        return starts.exists() and len(starts.read_text().splitlines()) >= 4

    wait_for(many, "four starts", patience=90)
    times = [float(line) for line in starts.read_text().splitlines()]
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert pauses[0] > 0.4
    assert pauses[1] > 0.8
    assert pauses[2] > 1.6


def test_stopping_ends_everything_and_takes_the_files_away(supervisor: Supervisor) -> None:
    supervisor.start(waiting("one"))
    supervisor.start(waiting("two"))
    everything = [one for name in ("one", "two") for one in family(pid_of(supervisor.pid_folder, name))]
    supervisor.stop()
    wait_until_gone(everything)
    assert list(supervisor.pid_folder.glob("*.pid")) == []


def test_a_folder_has_one_supervisor_at_a_time(supervisor: Supervisor) -> None:
    supervisor.start(waiting())
    pid = pid_of(supervisor.pid_folder, "one")
    second = Supervisor(supervisor.pid_folder)
    with pytest.raises(StartError) as refused:
        second.start(waiting())
    assert "runs already in" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert pid_of(supervisor.pid_folder, "one") == pid
    supervisor.stop()
    second.start(waiting())
    second.stop()


def test_a_child_that_does_not_listen_is_ended_with_all_it_started(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    script = (
        "import signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']); "
        f"open({str(ready)!r}, 'w').close()\nwhile True: signal.pause()"
    )
    child = spawn([sys.executable, "-c", script])
    wait_for(ready.exists, "the child is ready", patience=90)
    everything = family(child.pid)
    assert len(everything) == 2
    stop(child, patience=0.2)
    assert child.returncode == -signal.SIGKILL
    wait_until_gone(everything)


@pytest.mark.stack
def test_every_killed_process_of_crossdock_is_back_and_sigterm_ends_all(folder: Path, launcher: Launcher) -> None:
    port = free_port()
    pid, pids = started(folder, launcher, port)
    first = {name: pid_of(pids, name) for name in NAMES}
    for name in ("web", "worker", "relay", "clock"):
        os.kill(first[name], signal.SIGKILL)

    def back() -> bool:
        now = {name: pid_of(pids, name) for name in NAMES}
        return all(
            is_alive(now[name]) and (now[name] != first[name]) == (name in ("web", "worker", "relay", "clock"))
            for name in NAMES
        )

    assert wait_for(back, "all are back", patience=QUICKLY) < QUICKLY
    for name in NAMES:
        wanted = "gunicorn" if name == "web" else {"worker": "quick"}.get(name, name.removeprefix("worker-"))
        assert wanted in psutil.Process(pid_of(pids, name)).cmdline()
    wait_for(lambda: answers(port), "the web process answers again", patience=60)
    code, _, errors = launcher.run("run", "--port", str(free_port()))
    assert code == 1
    assert errors.splitlines()[-1].startswith("Error: Crossdock runs already in ")
    everything = family(pid)
    os.kill(pid, signal.SIGTERM)
    wait_until_gone(everything, patience=60)
    assert list(pids.glob("*.pid")) == []


@pytest.mark.stack
def test_nothing_of_crossdock_outlives_a_launcher_that_is_killed(folder: Path, launcher: Launcher) -> None:
    pid, _ = started(folder, launcher, free_port())
    everything = family(pid)
    assert {"postgres", "valkey-server"} <= {process.name() for process in everything}
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(everything, patience=60)


def answers(port: int) -> bool:
    """Whether the web process can serve."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def started(folder: Path, launcher: Launcher, port: int) -> tuple[int, Path]:
    """``crossdock run``, when all of it is there: its process id and the folder of the processes' files."""
    process, pids = launcher.start("run", "--port", str(port), "--web-workers", "1"), folder / "pids"

    def there() -> bool:
        assert process.poll() is None, process.communicate()
        return all((pids / f"{name}.pid").exists() for name in NAMES) and answers(port)

    wait_for(there, "Crossdock is there")
    return process.pid, pids
