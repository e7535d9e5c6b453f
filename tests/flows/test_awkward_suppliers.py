"""Suppliers that run short, say everything twice, ship before they answer, go back on what they said, answer too late
or after nobody knew whether they had the order: over each kind of channel the same comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app import db
from app.kit import clock
from tests.domains.feeds.portal import file_servers
from tests.flows.books import Books
from tests.flows.deciding import Desk
from tests.flows.test_file_channels import TRACKING, House, house, shipment
from tests.simulators.woocommerce.server import Server, serving
from tests.simulators.woocommerce.world import World

__all__ = ["file_servers", "house"]


class Supplier:
    """What a supplier does by its system, whatever that is."""

    def __init__(self, house: House, channel: str, world: World, server: Server) -> None:
        self.house, self.channel, self.world = house, channel, world
        if channel == "woocommerce_shop":
            house.choose(channel, url=server.url, consumer_key=world.key, consumer_secret=world.secret, accepts="no")
        else:
            house.choose(channel)
        self.files = 0

    def gets(self) -> str:
        """An order of three lamps. Returns its number."""
        return self.house.order(3)

    def accepts(self, number: str) -> None:
        """All of it."""
        self._says(number, "IA", "accepted", 3, "processing")

    def rejects(self, number: str, units: int) -> None:
        """So many units, since there are no more."""
        if self.channel == "woocommerce_shop":
            order = self._there()
            (item,) = order["line_items"]
            self.world.change_order(order["id"], {"line_items": [{"id": item["id"], "quantity": 3 - units}]})
            self.house.poll()
            return
        self._says(number, "IR", "rejected", units, "")

    def ships(self, number: str, units: int) -> None:
        """A parcel."""
        sku = self.house.market.lamp.skus[0]
        if self.channel == "x12":
            self.house.says("856", *shipment(number, sku, (TRACKING[0], units)))
        elif self.channel == "sftp_csv":
            self._row(f"po,sku,qty,carrier,tracking\n{number},{sku},{units},UPS,{TRACKING[0]}\n")
        else:
            order = self._there()
            self.world.fulfil(order["id"], {order["line_items"][0]["id"]: units}, TRACKING[0])
        self.house.poll()

    def _says(self, number: str, code: str, word: str, units: int, status: str) -> None:
        sku = self.house.market.lamp.skus[0]
        if self.channel == "x12":
            line = f"PO1*1*3*EA*10.00**VP*{sku}"
            rest = ["ACK*IA*1*EA"] if code == "IR" and units < 3 else []
            self.house.says("855", f"BAK*00*AC*{number}*20261130", line, f"ACK*{code}*{units}*EA", *rest)
        elif self.channel == "sftp_csv":
            self._row(f"po,sku,qty,status,reason\n{number},{sku},{units},{word},no stock\n")
        else:
            self.world.change_order(self._there()["id"], {"status": status})
        self.house.poll()

    def _row(self, text: str) -> None:
        self.files += 1
        self.house.put(f"answer-{self.files}.csv", text)

    def _there(self) -> dict[str, Any]:
        (order,) = self.world.orders.values()
        return order

    def line(self) -> tuple[int, int, int]:
        """Of the first supplier's line: shipped, cancelled, and of these rejected."""
        with db.system_scope(actor="test"), db.transaction() as session:
            (row,) = session.connection().exec_driver_sql(
                "select shipped, cancelled, rejected from purchase_order_lines order by id limit 1"
            )
            return row[0], row[1], row[2]


@pytest.fixture(params=["x12", "sftp_csv", "woocommerce_shop"])
def supplier(request: pytest.FixtureRequest, house: House) -> Iterator[Supplier]:
    world = World(with_fulfillments=True)
    world.add_product(house.market.lamp.skus[0], 10)
    with serving(world) as server:
        yield Supplier(house, request.param, world, server)


def test_one_that_runs_short_says_so_twice_and_ships_the_rest_counts_once(supplier: Supplier) -> None:
    number = supplier.gets()
    for _time in range(2):
        supplier.rejects(number, 2)
    assert supplier.line() == (0, 2, 2)
    supplier.ships(number, 1)
    supplier.house.poll()
    assert supplier.line() == (1, 2, 2)
    assert supplier.house.market.count("shipments") == 1
    assert supplier.house.market.stock(supplier.house.market.lamp.variants[0])["reserved"] == 0


def test_what_has_shipped_stays_shipped_whatever_is_said_then(supplier: Supplier) -> None:
    number = supplier.gets()
    supplier.ships(number, 3)
    assert (supplier.house.row(number).status, supplier.line()) == ("SHIPPED", (3, 0, 0)), "also without an answer"
    supplier.accepts(number)
    if supplier.channel == "woocommerce_shop":
        (order,) = supplier.world.orders.values()
        for status in ("on-hold", "cancelled"):
            supplier.world.change_order(order["id"], {"status": status})
            supplier.house.poll()
    else:
        supplier.rejects(number, 3)
    assert (supplier.house.row(number).status, supplier.line()) == ("SHIPPED", (3, 0, 0))
    assert supplier.house.market.count("shipments") == 1


def test_an_answer_that_comes_after_another_supplier_took_over_is_shown_and_changes_nothing(
    supplier: Supplier, books: Books
) -> None:
    house = supplier.house
    desk = Desk(house.market, house.jobs, books)
    desk.link()
    order = desk.buys(3)
    (first,) = desk.purchase_orders(order, house.market.supplier)
    for step in range(4):
        desk.later("watch_answers", hours=24 * 4 * (step + 1))
    assert desk.seen_by(house.market.other_supplier), "it was silent for too long"
    if supplier.channel == "woocommerce_shop":
        assert next(iter(supplier.world.orders.values()))["status"] == "cancelled", "its shop sends nothing"
        return
    supplier.accepts(str(first["number"]))
    assert any("comes too late" in one for one in house.refused())
    assert supplier.line() == (0, 3, 0)


@pytest.mark.parametrize("channel", ["x12", "sftp_csv"])
def test_an_answer_ends_the_doubt_whether_a_file_arrived(house: House, channel: str) -> None:
    world = World()
    with serving(world) as server:
        supplier = Supplier(house, channel, world, server)
        house.servers.break_at_rename("after")
        number = supplier.gets()
        assert house.told(number).state == "OUTCOME_UNKNOWN"
        supplier.accepts(number)
    assert (house.told(number).state, house.row(number).status) == ("DELIVERED", "CONFIRMED")
    with clock.shifted(timedelta(hours=1)):
        house.jobs.run_scheduled("schedule_dispatches")
    assert len(house.sent()) == (2 if channel == "x12" else 1), "the order once, and a receipt where there are any"
