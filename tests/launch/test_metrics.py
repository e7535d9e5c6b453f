"""What a web server's workers have in common: they count together, and make an answer of the catalogue once."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from app import db
from app.identity.service import issue_key
from launch.children import free_port, spawn, stop
from launch.processes import web
from tests import factories
from tests.processes import wait_for


def folders() -> set[Path]:
    """Where web servers count."""
    return set(Path(tempfile.gettempdir()).glob("crossdock-metrics-*"))


@pytest.fixture(scope="module")
def counted_in() -> dict[str, Path]:
    """The server's folder, by its address."""
    return {}


@pytest.fixture(scope="module")
def url(engine: None, counted_in: dict[str, Path]) -> Iterator[str]:
    """A web server with three workers, which leaves nothing behind."""
    before, port = folders(), free_port()
    address = f"http://127.0.0.1:{port}"
    env = {**os.environ, "CROSSDOCK_CATALOG_CACHE_SECONDS": "600"}
    child = spawn(web(port, env, workers=3).argv, env=env)
    try:
        wait_for(lambda: _answers(address), "the web server answers")
        (folder,) = folders() - before
        counted_in[address] = folder
        yield address
    finally:
        stop(child, patience=10)
    assert not folder.exists()


def test_requests_of_all_workers_are_counted(url: str, counted_in: dict[str, Path]) -> None:
    answered = 0
    # New connections each, until more than one worker has taken some.
    while len(list(counted_in[url].glob("histogram_*.db"))) < 2 or answered < 20:
        assert requests.get(f"{url}/healthz", headers={"Connection": "close"}, timeout=10).ok
        answered += 1
        assert answered < 500
    for _ in range(3):
        shown = requests.get(f"{url}/metrics", timeout=10).text
        counted = re.search(r'crossdock_request_seconds_count\{endpoint="health.ready".*?\} (\d+)', shown)
        assert counted is not None
        assert int(counted[1]) == answered
    assert "crossdock_queue_dead" in shown


@pytest.mark.usefixtures("committed")
def test_what_one_worker_looked_up_the_others_need_not(url: str, counted_in: dict[str, Path]) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        retailer = factories.retailer(session)
        supplier = factories.supplier(session)
        factories.product(session, supplier, title="Desk lamp")
        _, key = issue_key(session, retailer.id, name="shop", scopes=["read:catalog"])
    headers = {"Authorization": f"Bearer {key}", "Connection": "close"}
    first = requests.get(f"{url}/api/products", headers=headers, timeout=10)
    assert [one["title"] for one in first.json()["items"]] == ["Desk lamp"]
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.product(session, supplier, title="Floor lamp")
    for _ in range(60):
        assert requests.get(f"{url}/api/products", headers=headers, timeout=10).content == first.content
        counted = requests.get(f"{url}/metrics", timeout=10).text
    answered = re.search(r'count\{endpoint="api.find_products",method="GET",status_class="2"\} (\d+)', counted)
    assert answered is not None
    assert int(answered[1]) == 61


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/livez", timeout=1).ok
    except requests.RequestException:
        return False
