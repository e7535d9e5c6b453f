"""The second promise, by killing real processes: every hook is handled once in effect, and nothing waits for ever.

Each test sends signed hooks of paid orders to the real web server and takes a part away at the worst moment.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import orjson
import psycopg2
import pytest
import redis
import requests

from app import config as app_config
from app import db
from app.catalog.models import SupplierVariant
from app.config import settings
from launch import postgres
from launch.cli import run_migrations
from tests import factories
from tests.processes import Processes, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

SHOP = "spine.myshopify.com"
STOCK = 1000


@dataclass(slots=True)
class Installation:
    """A database with one connected store, whose product has two variants of two suppliers' making."""

    database_url: str
    redis_url: str
    processes: Processes
    variants: list[str] = field(default_factory=list)

    def furnish(self) -> None:
        """Two suppliers with one product each, listed and live in the store."""
        with db.system_scope(actor="test"), db.transaction() as session:
            retailer = factories.retailer(session)
            factories.member(session, retailer, "retailer_owner")
            store = factories.store(session, retailer, shop=SHOP)
            for name in ("Nordlicht", "Kanto"):
                supplier = factories.supplier(session, name)
                (variant,) = factories.product(session, supplier, stock=STOCK)
                product_id = session.get_one(SupplierVariant, variant).product_id
                listing = factories.live_listing(session, store, product_id)
                self.variants.append(str(listing.variants[0].external_id))

    def order(self, number: int) -> bytes:
        """The body of a paid order of one unit of each variant."""
        return orjson.dumps(
            {
                "id": number,
                "admin_graphql_api_id": f"gid://shopify/Order/{number}",
                "name": f"#{number}",
                "created_at": "2026-11-01T10:00:00-04:00",
                "updated_at": "2026-11-01T10:00:00-04:00",
                "processed_at": "2026-11-01T10:00:00-04:00",
                "currency": "USD",
                "financial_status": "paid",
                "cancelled_at": None,
                "test": False,
                "email": "ada@shopper.example",
                "line_items": [
                    {
                        "id": number * 10 + index,
                        "admin_graphql_api_id": f"gid://shopify/LineItem/{number * 10 + index}",
                        "variant_id": int(variant.rsplit("/", 1)[1]),
                        "title": "Desk lamp",
                        "quantity": 1,
                        "current_quantity": 1,
                        "fulfillable_quantity": 1,
                        "price": "25.00",
                        "price_set": {"shop_money": {"amount": "25.00", "currency_code": "USD"}},
                        "requires_shipping": True,
                    }
                    for index, variant in enumerate(self.variants)
                ],
                "shipping_address": {
                    "first_name": "Ada",
                    "last_name": "Lovelace",
                    "name": "Ada Lovelace",
                    "address1": "12 St James's Square",
                    "address2": None,
                    "city": "London",
                    "zip": "SW1Y 4JH",
                    "province": None,
                    "province_code": None,
                    "country": "United Kingdom",
                    "country_code": "GB",
                    "phone": "+442079460958",
                    "company": None,
                },
            }
        )

    def send(self, number: int, *, message_id: str | None = None) -> bool:
        """Deliver the hook of one order as Shopify does. Returns whether it was taken."""
        body = self.order(number)
        secret = settings().shopify_client_secret.get_secret_value().encode()
        try:
            answer = requests.post(
                f"{self.processes.url}/hooks/shopify",
                data=body,
                headers={
                    "Content-Type": "application/json",
                    "X-Shopify-Topic": "orders/paid",
                    "X-Shopify-Shop-Domain": SHOP,
                    "X-Shopify-Webhook-Id": message_id or f"message-{number}",
                    "X-Shopify-Event-Id": f"event-{number}",
                    "X-Shopify-API-Version": "2026-10",
                    "X-Shopify-Triggered-At": "2026-11-01T14:00:00Z",
                    "X-Shopify-Hmac-Sha256": base64.b64encode(hmac.digest(secret, body, hashlib.sha256)).decode(),
                },
                timeout=30,
            )
        except requests.RequestException:
            return False
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200

    def send_until_taken(self, number: int) -> None:
        """Deliver again and again, as Shopify would, until it is taken."""
        wait_for(lambda: self.send(number), f"hook {number} is taken")

    def count(self, query: str) -> int:
        """One number from the database, read without any scope of ours; -1 while it is away."""
        try:
            connection = psycopg2.connect(self.database_url, connect_timeout=2)
        except psycopg2.OperationalError:
            return -1
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(query)
                row = cursor.fetchone()
                return int(row[0]) if row else 0
        except psycopg2.OperationalError:
            return -1
        finally:
            connection.close()

    def all_handled(self, expected: int) -> bool:
        """Whether so many hooks were handled, and nothing of the quick queue is open."""
        return (
            self.count("select count(*) from inbox_messages where state = 2") == expected
            and self.count("select count(*) from inbox_messages where state in (0, 1)") == 0
            and self.count("select count(*) from outbox_events where state = 0") == 0
            and self.count("select count(*) from tasks where queue = 'quick' and state in (0, 1, 2)") == 0
        )

    def check_effects(self, orders: int) -> None:
        """Each order exists once, with its two purchase orders and its reservations; the stock agrees."""
        facts = {
            "orders": ("select count(*) from orders", orders),
            "orders twice": ("select count(*) - count(distinct external_id) from orders", 0),
            "purchase orders": ("select count(*) from purchase_orders", 2 * orders),
            "reservations": ("select count(*) from reservations", 2 * orders),
            "reserved units": ("select sum(reserved) from inventory_levels", 2 * orders),
            "reserved without a reservation": (
                """select count(*) from inventory_levels l where reserved <> (select coalesce(sum(quantity), 0)
                from reservations r where r.level_id = l.id and state in ('HELD', 'COMMITTED'))""",
                0,
            ),
            "dead tasks": ("select count(*) from tasks where state = 4", 0),
            "refused hooks": ("select count(*) from inbox_messages where state = 3", 0),
        }
        found = {name: self.count(query) for name, (query, _) in facts.items()}
        assert found == {name: expected for name, (_, expected) in facts.items()}


@pytest.fixture
def installation(committed: None, database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Installation]:
    processes = Processes({"DATABASE_URL": database_url, "REDIS_URL": redis_url}, tmp_path)
    made = Installation(database_url, redis_url, processes)
    made.furnish()
    yield made
    processes.stop()


@pytest.mark.parametrize("point", ["job.claimed", "job.before_commit"])
def test_a_worker_killed_in_the_middle_of_a_job(installation: Installation, point: str) -> None:
    installation.processes.start("web", "relay")
    installation.processes.start("worker", crash_at=point)
    for number in range(1, 6):
        installation.send_until_taken(number)
    installation.processes.wait_until_dead("worker")

    installation.processes.start("worker")

    wait_for(lambda: installation.all_handled(5), "all hooks are handled")
    installation.check_effects(5)


@pytest.mark.parametrize("point", ["relay.before_commit", "relay.after_commit"])
def test_the_relay_killed_between_commit_and_enqueue(installation: Installation, point: str) -> None:
    installation.processes.start("web", "worker")
    installation.processes.start("relay", crash_at=point)
    for number in range(1, 6):
        installation.send_until_taken(number)
    installation.processes.wait_until_dead("relay")

    installation.processes.start("relay")

    wait_for(lambda: installation.all_handled(5), "all hooks are handled")
    installation.check_effects(5)


def test_the_web_process_killed_after_the_commit(installation: Installation) -> None:
    installation.processes.start("relay", "worker")
    installation.processes.start("web", crash_at="web.hook_committed")
    assert installation.send(1) is False, "the answer was lost with the process"
    installation.processes.kill("web")

    installation.processes.start("web")
    assert installation.send(1), "the store delivers again, with the same id"
    assert installation.send(1), "and again"
    assert installation.send(1, message_id=str(uuid4())), "and as a message of its own, by another subscription"

    wait_for(lambda: installation.all_handled(2), "the hook and its double are handled")
    installation.check_effects(1)


def test_a_relay_whose_statement_failed_leads_again(installation: Installation) -> None:
    """The database was too busy for one statement: the lock by which one relay works is not left behind."""
    installation.processes.start("web", "relay", "worker")
    installation.send_until_taken(1)
    wait_for(lambda: installation.all_handled(1), "the first hook is handled")
    with closing(psycopg2.connect(installation.database_url)) as busy, busy.cursor() as cursor:
        cursor.execute("lock table tasks in access exclusive mode")
        wait_for(lambda: "relay waits" in installation.processes.log("relay"), "the relay has had trouble")
        busy.rollback()

    installation.send_until_taken(2)

    wait_for(lambda: installation.all_handled(2), "the second hook is handled")
    installation.check_effects(2)


def test_redis_wiped_with_work_queued(installation: Installation) -> None:
    installation.processes.start("web", "relay")
    for number in range(1, 31):
        installation.send_until_taken(number)
    client: redis.Redis = redis.Redis.from_url(installation.redis_url)
    wait_for(lambda: int(client.llen("rq:queue:quick")) > 0, "work waits in Redis")

    # Not flushall: other tests of this run have their databases in the same server.
    client.flushdb()
    installation.processes.start("worker")

    wait_for(lambda: installation.all_handled(30), "all hooks are handled")
    installation.check_effects(30)


def test_postgresql_restarted_under_load(tmp_path: Path, engine: None, redis_url: str) -> None:
    """The server is stopped with its connections cut, while hooks keep coming, and comes back on its port."""
    folder = tmp_path / "server"
    folder.mkdir()
    tmp_path.chmod(0o755)
    server = postgres.start(folder)
    before = db.engine()
    processes = Processes({"DATABASE_URL": server.url, "REDIS_URL": redis_url}, tmp_path)
    installation = Installation(server.url, redis_url, processes)
    try:
        run_migrations(server.url)
        own = db.make_engine(server.url)
        _work_on(own)
        installation.furnish()
        own.dispose()
        processes.start("web", "relay", "worker", "clock")
        load = [
            threading.Thread(target=lambda first=first: [installation.send_until_taken(n) for n in range(first, 81, 4)])
            for first in range(1, 5)
        ]
        for thread in load:
            thread.start()
        wait_for(lambda: installation.count("select count(*) from orders") >= 5, "work is under way")

        server.stop()
        server = postgres.start(folder, port=int(server.url.rsplit(":", 1)[1].split("/")[0]))

        for thread in load:
            thread.join(60)
        assert not any(thread.is_alive() for thread in load), "every hook was taken in the end"
        wait_for(lambda: installation.all_handled(80), "all hooks are handled")
        installation.check_effects(80)
    finally:
        processes.stop()
        _work_on(before)
        server.stop()
        postgres.remove(folder)


def _work_on(engine: db.Engine) -> None:
    """Make ``engine`` this process's engine, and leave the one before it open."""
    db._engine = engine
    app_config.reload()
