"""A file that is being taken over when its worker is killed goes on where it stopped, each row once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import requests

from app import db
from app.feeds.rules.guard import GuardLimits
from app.feeds.rules.missing import MissingPolicy
from app.feeds.service import change_limits, change_policy
from app.feeds.service.missing import SETTLED_AT_ONCE
from app.feeds.service.new_rows import PRODUCTS_AT_ONCE
from app.identity.rules import SCOPES_OF_KIND
from app.identity.service import issue_key
from tests import factories
from tests.domains.feeds.files import template
from tests.processes import Processes, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

#: A whole batch and a bit.
PRODUCTS = PRODUCTS_AT_ONCE + 50


class Upload:
    """A supplier that uploads a file to real processes, and what the database holds of it."""

    def __init__(self, database_url: str, processes: Processes) -> None:
        self._database_url = database_url
        self.processes = processes
        with db.system_scope(actor="test"), db.transaction() as session:
            supplier = factories.supplier(session)
            self.supplier_id = supplier.id
            _, secret = issue_key(session, supplier.id, name="all", scopes=SCOPES_OF_KIND["supplier"])
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "text/csv"}
        self.run_id = ""

    def send(self, content: bytes) -> None:
        """Upload a file."""
        answer = requests.post(
            f"{self.processes.url}/api/supplier/uploads", data=content, headers=self._headers, timeout=30
        )
        assert answer.status_code == 202, answer.text
        self.run_id = answer.json()["id"]

    def apply(self, what: str = "apply") -> None:
        """Have it taken over, or undone."""
        address = f"{self.processes.url}/api/supplier/uploads/{self.run_id}/{what}"
        headers = {**self._headers, "Content-Type": "application/json"}
        assert requests.post(address, data=b"{}", headers=headers, timeout=30).status_code == 202

    def state(self) -> str:
        """How far it is."""
        address = f"{self.processes.url}/api/supplier/uploads/{self.run_id}"
        return str(requests.get(address, headers=self._headers, timeout=30).json()["state"])

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Rows, read without any scope of ours."""
        connection = psycopg2.connect(self._database_url)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def count(self, statement: str) -> int:
        """One number."""
        ((found,),) = self.rows(statement)
        return int(str(found))

    def let_lease_run_out(self) -> None:
        """As if the time had passed for which the killed worker had claimed its task."""
        self.rows("update tasks set lease_until = now() - interval '1 second' where state = 2")


@pytest.fixture
def upload(committed: None, engine: None, database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Upload]:
    processes = Processes({"DATABASE_URL": database_url, "REDIS_URL": redis_url}, tmp_path)
    yield Upload(database_url, processes)
    processes.stop()


def test_a_worker_killed_between_batches_takes_each_row_over_once(upload: Upload) -> None:
    processes = upload.processes
    processes.start("web", "relay")
    processes.start("worker-bulk", crash_at="feed.batch_applied")
    upload.send(
        template(*(f"lamp-{number:04},Lamp,S{number},,,5.00,{number},,,,," for number in range(1, PRODUCTS + 1)))
    )
    wait_for(lambda: upload.state() == "READY", "the file is checked")
    upload.apply()

    processes.wait_until_dead("worker-bulk")
    assert upload.state() == "APPLYING"
    assert upload.count("select count(*) from supplier_variants") == PRODUCTS_AT_ONCE, "the first batch is kept"
    upload.let_lease_run_out()
    processes.start("worker-bulk")

    wait_for(lambda: upload.state() == "APPLIED", "the rest is taken over")
    assert upload.count("select count(*) from supplier_products") == PRODUCTS
    assert upload.rows("select sku, on_hand from inventory_levels l join supplier_variants v on v.id = l.variant_id "
                       "where on_hand <> substr(sku, 2)::int") == []  # fmt: skip
    moved = Counter(dict(upload.rows("select variant_id, count(*) from stock_movements group by 1")))  # type: ignore[arg-type]
    assert (len(moved), set(moved.values())) == (PRODUCTS, {1}), "each figure was written down once"
    told = Counter(
        product
        for (products,) in upload.rows(
            "select payload -> 'product_ids' from outbox_events where topic = 'catalog.products_changed'"
        )
        for product in products  # type: ignore[attr-defined]
    )
    assert (len(told), set(told.values())) == (PRODUCTS, {1}), "each product was told of once"
    assert upload.count(f"select (counts ->> 'applied')::int from feed_runs where id = '{upload.run_id}'") == PRODUCTS
    assert upload.count("select count(*) from tasks where state = 4") == 0

    processes.stop()
    processes.start("web", "relay")
    processes.start("worker-bulk", crash_at="feed.batch_undone")
    upload.apply("rollback")
    processes.wait_until_dead("worker-bulk")
    assert upload.state() == "ROLLING_BACK"
    upload.let_lease_run_out()
    processes.start("worker-bulk")
    wait_for(lambda: upload.state() == "ROLLED_BACK", "the rest is undone")
    assert upload.count("select count(*) from supplier_products where status <> 'ended'") == 0


def test_a_worker_killed_while_it_settles_what_is_missing_does_each_once(upload: Upload) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        change_policy(session, upload.supplier_id, upload.supplier_id, MissingPolicy(policy="zero"))
        change_limits(session, upload.supplier_id, GuardLimits(fewer_rows=100, to_zero=100))
    processes = upload.processes
    processes.start("web", "relay", "worker-bulk")
    missing = SETTLED_AT_ONCE + 20
    stays = "rug,Rug,R1,,,5.00,3,,,,,"
    upload.send(
        template(stays, *(f"lamp-{number // 50},Lamp,S{number},Size,{number},5.00,7,,,,," for number in range(missing)))
    )
    wait_for(lambda: upload.state() == "READY", "the file is checked")
    upload.apply()
    wait_for(lambda: upload.state() == "APPLIED", "the file is taken over")
    processes.kill("worker-bulk")
    processes.start("worker-bulk", crash_at="feed.missing_settled")
    upload.send(template(stays))
    wait_for(lambda: upload.state() == "READY", "the shorter file is checked")
    upload.apply()

    processes.wait_until_dead("worker-bulk")
    assert upload.state() == "APPLYING"
    sold_out = "select count(*) from inventory_levels where on_hand = 0"
    assert upload.count(sold_out) == SETTLED_AT_ONCE, "the first batch is kept"
    upload.let_lease_run_out()
    processes.start("worker-bulk")

    wait_for(lambda: upload.state() == "APPLIED", "the rest is settled")
    assert upload.count(sold_out) == missing
    assert upload.rows("select on_hand from inventory_levels where on_hand > 0") == [(3,)], "what is named stays"
    sold = "select variant_id, count(*) from stock_movements where on_hand_change < 0 group by 1"
    moved = Counter(dict(upload.rows(sold)))  # type: ignore[arg-type]
    assert (len(moved), set(moved.values())) == (missing, {1}), "each was set to 0 once"
    done = f"select (counts ->> 'missing_done')::int from feed_runs where id = '{upload.run_id}'"
    assert upload.count(done) == missing
    assert upload.count("select count(*) from tasks where state = 4") == 0
