"""A worker is killed around the call to a supplier's system: the order is there once, whatever was written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from app import db
from app.adapters import registries
from app.purchasing.service import place_order, release_purchase_orders
from app.purchasing.service.channels import choose_channel
from app.webhooks.signing import new_secret
from tests import factories
from tests.adapters.settings import set_up
from tests.processes import Processes, wait_for
from tests.simulators.supplier_api.server import serving
from tests.simulators.supplier_api.world import World

__all__ = ["set_up"]

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]
ALLOWED = {"CROSSDOCK_OUTBOUND_ALLOWED_HOSTS": "127.0.0.1"}


@pytest.fixture
def processes(
    committed: None, engine: None, database_url: str, redis_url: str, tmp_path: Path, set_up: Callable[..., None]
) -> Iterator[Processes]:
    set_up(outbound_allowed_hosts="127.0.0.1")
    found = Processes({"DATABASE_URL": database_url, "REDIS_URL": redis_url}, tmp_path)
    yield found
    found.stop()


@pytest.mark.parametrize(("point", "arrived"), [("dispatch.begun", 0), ("dispatch.answered", 1)])
def test_an_order_is_there_once_though_its_worker_died(
    processes: Processes, database_url: str, point: str, arrived: int
) -> None:
    def rows(statement: str) -> list[tuple[object, ...]]:
        connection = psycopg2.connect(database_url)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    world = World(new_secret())
    with serving(world) as server:
        processes.start("relay")
        processes.start("worker-letters")
        processes.start("worker-webhooks", crash_at=point, **ALLOWED)
        with db.system_scope(actor="test"), db.transaction() as session:
            retailer, supplier = factories.retailer(session), factories.supplier(session)
            choose_channel(
                session,
                supplier.id,
                registries.channels.get("api"),
                {"url": server.url, "tells": "yes"},
                made={"signing_secret": world.secret},
            )
            [lamp] = factories.product(session, supplier)
            placed = place_order(session, factories.order_of(retailer, {lamp: 1}))
            release_purchase_orders(session, placed.order_id)
        processes.wait_until_dead("worker-webhooks")
        assert len(world.orders) == arrived
        assert rows("select state, tries from transmissions") == [("SENDING", 1)]

        # The call is long over when somebody looks again.
        rows("update transmissions set asked_at = now() - interval '10 minutes'")
        rows("update tasks set lease_until = now() - interval '1 second' where state = 2")
        processes.start("worker-webhooks", **ALLOWED)
        wait_for(lambda: rows("select state from transmissions") == [("DELIVERED",)], "it is known to be there")

        (order,) = world.orders.values()
        assert order.seen == 1
        assert world.asked == [order.number]
        assert not world.refused
