"""What /metrics says is the sum over the web server's workers."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import pytest
import requests

from launch.children import free_port, spawn, stop
from launch.processes import web
from tests.processes import wait_for


def folders() -> set[Path]:
    """Where web servers count."""
    return set(Path(tempfile.gettempdir()).glob("crossdock-metrics-*"))


@pytest.mark.usefixtures("engine")
def test_requests_of_all_workers_are_counted_and_nothing_is_left_behind() -> None:
    before, port = folders(), free_port()
    url = f"http://127.0.0.1:{port}"
    child = spawn(web(port, os.environ, workers=3).argv, env=os.environ)
    try:
        wait_for(lambda: _answers(url), "the web server answers")
        (folder,) = folders() - before
        answered = 0
        # New connections each, until more than one worker has taken some.
        while len(list(folder.glob("histogram_*.db"))) < 2 or answered < 20:
            assert requests.get(f"{url}/healthz", headers={"Connection": "close"}, timeout=10).ok
            answered += 1
            assert answered < 500
        for _ in range(3):
            shown = requests.get(f"{url}/metrics", timeout=10).text
            counted = re.search(r'crossdock_request_seconds_count\{endpoint="health.ready".*?\} (\d+)', shown)
            assert counted is not None
            assert int(counted[1]) == answered
        assert "crossdock_queue_dead" in shown
    finally:
        stop(child, patience=10)
    assert not folder.exists()


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/livez", timeout=1).ok
    except requests.RequestException:
        return False
