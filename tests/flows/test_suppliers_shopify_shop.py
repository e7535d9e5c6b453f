"""A supplier's own Shopify shop, from the order to the parcel, by the jobs: what is ordered is made there once, what
happens there comes back, and what is to be changed is changed there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app import db
from app.adapters import registries
from app.kit import clock
from app.purchasing.models import PurchaseOrder, Transmission
from app.purchasing.queries import refused_answers
from app.purchasing.service.channels import choose_channel, setting_of, settings_of
from tests.adapters.channels.test_shopify_shop import Shop, opened
from tests.adapters.stores.conftest import CLIENT_ID, CLIENT_SECRET, configured, simulator
from tests.flows.test_addresses import ELSEWHERE
from tests.market import Market
from tests.simulators.shopify import Control
from tests.stack import Jobs

__all__ = ["configured", "simulator"]
TRACKING = ("1Z999AA10123456784", "1Z999AA10123456795")


@dataclass(slots=True)
class House:
    """A supplier with a shop of its own, and the order that it gets."""

    market: Market
    jobs: Jobs
    shop: Shop
    orders: list[dict[str, Any]] = field(default_factory=list)
    ahead: timedelta = timedelta()

    @property
    def sku(self) -> str:
        """What is ordered."""
        return self.market.lamp.skus[0]

    def order(self, units: int = 3) -> PurchaseOrder:
        """An order of lamps comes in, and all that follows from it is done."""
        self.orders.append(self.market.place((self.market.lamp.variants[0], units)))
        self.jobs.drain()
        return self.row()

    def poll(self) -> None:
        """Minutes pass for everybody, and the house looks for answers."""
        self.ahead += timedelta(minutes=6)
        self.shop.control.advance_clock(360)
        with clock.shifted(self.ahead):
            self.jobs.run_scheduled("schedule_dispatches")

    def row(self) -> PurchaseOrder:
        """The purchase order."""
        with db.system_scope(actor="test"), db.transaction() as session:
            return session.scalars(select(PurchaseOrder)).one()

    def line(self) -> tuple[int, int, int]:
        """Of its line: shipped, cancelled, and of these rejected."""
        with db.system_scope(actor="test"), db.transaction() as session:
            (row,) = session.connection().exec_driver_sql(
                "select shipped, cancelled, rejected from purchase_order_lines"
            )
            return row[0], row[1], row[2]

    def told(self) -> str:
        """What is known of its way there."""
        with db.system_scope(actor="test"), db.transaction() as session:
            return session.scalars(select(Transmission)).one().state

    def asks(self, units: int) -> str:
        """The retailer asks to stop units. Returns the request's id."""
        order = self.orders[-1]["id"]
        line = self.market.retailer.api.get(f"/api/orders/{order}").json["lines"][0]["id"]
        body = {"lines": [{"line_id": line, "quantity": units}]}
        (request,) = self.market.retailer.api.post(f"/api/orders/{order}/cancel", body).json["change_requests"]
        self.jobs.drain()
        return str(request["id"])

    def state(self, request_id: str) -> str:
        """How far a request is."""
        return str(self.market.retailer.api.get(f"/api/change-requests/{request_id}").json["state"])

    def refused(self) -> list[str]:
        """What could not be used."""
        with db.tenant_scope(self.market.supplier.id, actor="test"), db.transaction() as session:
            return [one.problem or "" for one in refused_answers(session, self.market.supplier.id)]


@pytest.fixture
def house(market: Market, jobs: Jobs, configured: Control) -> House:
    """Its shop sells lamps at a price of its own."""
    domain = opened(configured, "Lamps", market.lamp.skus[0])
    channel = registries.channels.get("shopify_shop")
    given = {one.name: one.default for one in channel.form if one.default}
    given |= {"shop": domain, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    with db.tenant_scope(market.supplier.id, actor="test"), db.transaction() as session:
        choose_channel(session, market.supplier.id, channel, given)
        row = setting_of(session, market.supplier.id)
        assert row is not None
        settings = settings_of(row)
    return House(market, jobs, Shop(configured, domain, settings))


def test_an_order_is_made_there_at_our_price_and_its_parcels_come_back(house: House) -> None:
    house.shop.control.add_fault("drop_after_effect", {"operation": "orderCreate", "shop": house.shop.domain})
    house.order()
    assert house.told() == "OUTCOME_UNKNOWN"
    house.poll()
    assert house.told() == "DELIVERED"
    (there,) = house.shop.orders()
    assert [(line["sku"], line["quantity"], line["price"]) for line in there["lines"]] == [(house.sku, 3, "10.00")]
    house.poll()
    assert house.row().status == "CONFIRMED"
    house.shop.fulfil({house.sku: 2}, TRACKING[0])
    house.poll()
    assert (house.row().status, house.line()) == ("PARTIALLY_SHIPPED", (2, 0, 0))
    house.shop.fulfil({house.sku: 1}, TRACKING[1])
    house.poll()
    house.poll()
    assert (house.row().status, house.line()) == ("SHIPPED", (3, 0, 0))
    assert house.market.count("shipments") == 2
    assert house.market.stock(house.market.lamp.variants[0]) == {"on_hand": 7, "reserved": 0}
    assert house.refused() == []


#: As many open orders that were sent long before it.
_OLDER = """
    with more as (
        insert into purchase_orders
        select (jsonb_populate_record(p, jsonb_build_object(
            'id', md5(p.id::text || n), 'number', 'OLD-' || n, 'wave', p.wave + n))).*
        from purchase_orders p, generate_series(1, %s) n returning id)
    insert into transmissions
    select (jsonb_populate_record(t, jsonb_build_object(
        'id', md5(t.id::text || m.id), 'purchase_order_id', m.id, 'asked_at', t.asked_at - interval '3 days'))).*
    from transmissions t, more m
"""


def test_what_is_answered_of_one_of_very_many_open_orders_is_heard(house: House) -> None:
    number = house.order().number
    with db.system_scope(actor="test"), db.transaction() as session:
        session.connection().exec_driver_sql(_OLDER, (600,))
    house.shop.fulfil({house.sku: 3}, TRACKING[0])
    house.poll()
    with db.system_scope(actor="test"), db.transaction() as session:
        assert session.scalars(select(PurchaseOrder.status).where(PurchaseOrder.number == number)).one() == "SHIPPED"


def test_units_that_its_people_take_off_are_rejected_and_a_cancelled_order_too(house: House) -> None:
    house.order()
    (there,) = house.shop.orders()
    house.shop.control.wait_until_routed(house.shop.domain, there["id"])
    house.shop.control.edit_order(house.shop.domain, there["id"], {there["lines"][0]["id"]: 1})
    house.poll()
    assert house.line() == (0, 2, 2)
    house.shop.control.cancel_order(house.shop.domain, there["id"])
    house.poll()
    house.poll()
    assert (house.row().status, house.line()) == ("CANCELLED", (0, 3, 3))
    assert house.refused() == []


def test_more_than_the_shop_has_is_refused_in_its_words(house: House) -> None:
    house.shop.control.create_order(house.shop.domain, [{"sku": house.sku, "quantity": 8}])
    house.order()
    assert house.told() == "REJECTED"
    assert len(house.shop.orders()) == 1, "its own order"
    page = house.market.supplier.api.get("/api/supplier/orders").json["items"]
    assert [one["status"] for one in page] == ["PENDING"], "its people decide"


def test_units_that_are_to_be_stopped_are_taken_off_there(house: House) -> None:
    house.order()
    house.poll()
    request_id = house.asks(2)
    (there,) = house.shop.orders()
    assert [line["current_quantity"] for line in there["lines"]] == [1]
    house.poll()
    assert (house.state(request_id), house.line()) == ("ACCEPTED", (0, 2, 0)), "no rejection counts"
    again = house.asks(1)
    assert house.shop.orders()[0]["cancelled_at"]
    house.poll()
    assert (house.state(again), house.line(), house.row().status) == ("ACCEPTED", (0, 3, 0), "CANCELLED")
    assert house.refused() == []


@pytest.mark.parametrize("fault", ["drop_after_effect", "drop_before"])
def test_units_are_taken_off_once_when_the_answer_is_lost(house: House, fault: str) -> None:
    house.order()
    house.poll()
    house.shop.control.add_fault(fault, {"operation": "refundCreate", "shop": house.shop.domain})
    request_id = house.asks(2)
    house.jobs.drain(retries=True)
    assert [line["current_quantity"] for line in house.shop.orders()[0]["lines"]] == [1]
    house.poll()
    assert (house.state(request_id), house.line()) == ("ACCEPTED", (0, 2, 0))


def test_what_was_fulfilled_there_before_is_not_stopped(house: House) -> None:
    house.order()
    house.poll()
    house.shop.fulfil({house.sku: 2}, TRACKING[0])
    request_id = house.asks(3)
    assert (house.state(request_id), house.line()) == ("PARTLY", (0, 1, 0))
    house.poll()
    assert house.line() == (2, 1, 0)
    assert house.market.stock(house.market.lamp.variants[0])["reserved"] == 0
    assert house.row().status == "SHIPPED"


def test_the_order_there_goes_to_the_new_address_until_it_has_left(house: House) -> None:
    house.order()
    house.poll()
    address = f"/api/orders/{house.orders[0]['id']}/address"
    (asked,) = house.market.retailer.api.put(address, ELSEWHERE).json["change_requests"]
    house.jobs.drain()
    assert house.state(asked["id"]) == "ACCEPTED"
    assert house.shop.orders()[0]["shipping_address"]["city"] == "Leeds"
    house.shop.fulfil({house.sku: 3}, TRACKING[0])
    late = house.market.retailer.api.put(address, {**ELSEWHERE, "city": "Bradford"}).json["change_requests"][0]
    house.jobs.drain()
    assert house.state(late["id"]) == "REFUSED"
    assert house.shop.orders()[0]["shipping_address"]["city"] == "Leeds"
