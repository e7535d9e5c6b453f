"""A worker is killed around the call to a store: its customer is refunded once, and that is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from app import db
from app.kit.money import Money
from app.orders.models import OrderLine
from app.purchasing.service import Line, place_order
from app.store_refunds.service import ask
from app.stores.platform import ShopFacts
from app.stores.service import connect, note_scopes
from tests import factories
from tests.adapters.settings import set_up
from tests.adapters.stores.conftest import configured, open_shop, simulator
from tests.adapters.stores.shop import Shop
from tests.adapters.stores.test_refunds import bought, permitted
from tests.processes import Processes, wait_for
from tests.workers.with_store import processes, rows_in

__all__ = ["configured", "open_shop", "processes", "set_up", "simulator"]

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


@pytest.mark.parametrize(("point", "given"), [("store_refund.begun", 0), ("store_refund.answered", 1)])
def test_a_customer_is_refunded_once_though_the_worker_died(
    processes: Processes, database_url: str, open_shop: Callable[[], Shop], point: str, given: int
) -> None:
    shop = permitted(open_shop(), "write_orders")
    order, (line,) = bought(shop, 3)
    with db.system_scope(actor="test"), db.transaction() as session:
        retailer, supplier = factories.retailer(session), factories.supplier(session)
        facts = ShopFacts(
            external_id=shop.domain, name="Northwind", url=f"https://{shop.domain}", currency="USD",
            timezone="UTC", country="US", remember=shop.access.remembered,
        )  # fmt: skip
        store = connect(session, retailer.id, "shopify", facts, shop.access.credentials)
        note_scopes(session, store, ["write_orders"])
        [lamp] = factories.product(session, supplier)
        wanted = factories.order_of(retailer, {}, external_id=f"gid://shopify/Order/{order['id']}", store=store)
        bought_line = Line(variant_id=lamp, quantity=3, external_line_id=line, retail_price=2990)
        placed = place_order(session, replace(wanted, lines=[bought_line]))
        line_id = session.scalars(select(OrderLine.id).where(OrderLine.order_id == placed.order_id)).one()
        ask(session, retailer.id, placed.order_id, {line_id: 2})
    processes.start("relay")
    processes.start("worker-stores", crash_at=point)
    processes.wait_until_dead("worker-stores")
    assert len(shop.control.order(shop.domain, order["id"])["refunds"]) == given
    assert rows_in(database_url, "select state from store_refunds") == [("ASKED",)]

    rows_in(database_url, "update tasks set lease_until = now() - interval '1 second' where state = 2")
    processes.start("worker-stores")
    wait_for(lambda: rows_in(database_url, "select state from store_refunds") == [("MADE",)], "it is known to be made")
    (made,) = shop.control.order(shop.domain, order["id"])["refunds"]
    assert rows_in(database_url, "select made_amount, external_id from store_refunds") == [
        ((Money(2990, "USD") * 2).minor, f"gid://shopify/Refund/{made['id']}")
    ]
