"""A supplier's own WooCommerce shop: orders are made there once, and what happens to them comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.adapters import registries
from app.adapters.channels.woocommerce_shop import adapter
from app.kit import clock
from app.kit.errors import CredentialsRefused, Invalid, Rejected, Unavailable
from app.kit.money import Money
from app.purchasing.answers import Acknowledgement, Answer, CancellationTold, ShipmentTold
from app.purchasing.channel import Awaiting, ChannelSettings, Presence, Stopping
from tests.adapters.channels.partner import NOTE, SENDER, sending
from tests.adapters.settings import set_up
from tests.simulators.woocommerce.server import serving
from tests.simulators.woocommerce.world import World

__all__ = ["set_up"]
LINES = tuple(
    replace(line, id=f"line-{line.position}", wholesale_price=replace(line.wholesale_price, currency="USD"))
    for line in NOTE.lines
)


@dataclass(slots=True)
class Shop:
    """The supplier's shop and our channel to it."""

    world: World
    settings: ChannelSettings
    note: Any

    channel = registries.channels.get("woocommerce_shop")

    def send(self, note: Any = None, *, again: bool = False) -> str:
        """Transmit; the shop's id of the order."""
        sent = self.channel.transmit([note or self.note], self.settings, sending(again=again))
        assert sent.confirmed
        return sent.reference

    def order(self) -> dict[str, Any]:
        """The only order."""
        (order,) = self.world.orders.values()
        return order

    def poll(self) -> list[Answer]:
        """Look once."""
        waiting = Awaiting(self.note.released_at, {self.note.number}.intersection)
        answers = self.channel.poll(self.settings, waiting)
        self.settings = replace(self.settings, marks={**self.settings.marks, **answers.marks})
        assert not answers.unreadable
        return list(answers.answers)


@pytest.fixture
def shop(set_up: Callable[..., None]) -> Iterator[Shop]:
    """A shop that has what is ordered; the bulb is a variation."""
    set_up(outbound_allowed_hosts="127.0.0.1")
    world = World()
    world.add_product("LAMP-1", 10)
    world.add_product("BULB-9", 10, parent=world.add_product("BULB", None))
    channel = registries.channels.get("woocommerce_shop")
    values = {one.name: one.default for one in channel.form if one.default}
    with serving(world) as server:
        values |= {"url": server.url + "/", "consumer_key": world.key}
        note = replace(NOTE, lines=LINES, total=Money(4250, "USD"), shipping=Money(0, "USD"), released_at=clock.now())
        settings = ChannelSettings(
            supplier_id=NOTE.supplier_id, values=values, secrets={"consumer_secret": world.secret}
        )
        yield Shop(world, settings, note)


NORTHWIND = "Northwind Returns, Northwind Home Inc., 77 Retail Street, 04101 Portland ME, US, +12075552368"


def test_an_order_says_who_stands_on_the_parcel(shop: Shop) -> None:
    shop.send(replace(shop.note, sender=SENDER))
    order = shop.order()
    assert order["customer_note"] == f"Sender on the parcel: {NORTHWIND}\nReturn address on the parcel: {NORTHWIND}"
    told = {one["key"]: one["value"] for one in order["meta_data"]}
    assert told["Sender on the parcel"] == told["Return address on the parcel"] == NORTHWIND


def test_a_purchase_order_is_an_order_there_at_our_prices(shop: Shop) -> None:
    assert "USD" in shop.channel.test(shop.settings)
    assert shop.send() == str(shop.order()["id"])
    order = shop.order()
    assert [(one["sku"], one["quantity"], one["total"]) for one in order["line_items"]] == [
        ("LAMP-1", 2, "30.00"),
        ("BULB-9", 5, "12.50"),
    ]
    assert order["line_items"][1]["variation_id"] and order["line_items"][1]["product_id"]
    assert (order["status"], order["shipping"]["city"], order["shipping"]["country"]) == ("processing", "Łódź", "PL")
    assert "email" not in order["billing"], "the shopper hears from its own store only"


@pytest.mark.parametrize("fault", ["drop_after", "error_after"])
def test_after_a_lost_answer_the_order_is_found_and_not_made_twice(shop: Shop, fault: str) -> None:
    shop.world.faults.append(fault)
    with pytest.raises(Unavailable):
        shop.send()
    found = shop.channel.probe(shop.note, shop.settings, sending())
    assert (found.presence, found.reference) == (Presence.FOUND, str(shop.order()["id"]))
    assert shop.send(again=True) == found.reference
    assert len(shop.world.orders) == 1


def test_what_did_not_arrive_is_absent(shop: Shop) -> None:
    shop.world.faults.append("drop_before")
    with pytest.raises(Unavailable):
        shop.send()
    assert shop.channel.probe(shop.note, shop.settings, sending()).presence is Presence.ABSENT


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lines": (replace(LINES[0], sku="LAMP-7"),)}, "unknown_sku"),
        ({"lines": (replace(LINES[0], quantity=11),)}, "out_of_stock"),
        ({"total": Money(4250, "EUR")}, "other_currency"),
    ],
)
def test_what_the_shop_can_not_take_is_refused_in_words(shop: Shop, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Rejected) as caught:
        shop.send(replace(shop.note, **changes))
    assert caught.value.code == code
    assert "our shop" in caught.value.message
    assert not shop.world.orders


def test_a_key_that_is_refused_is_told(shop: Shop) -> None:
    shop.world.secret = "another"
    with pytest.raises(CredentialsRefused):
        shop.channel.test(shop.settings)


def test_fulfilments_come_back_as_parcels_with_their_lines(shop: Shop) -> None:
    shop.world.with_fulfillments = True
    number = int(shop.send())
    (taken,) = shop.poll()
    assert isinstance(taken, Acknowledgement) and taken.whole == "accepted"
    lamp, bulb = (one["id"] for one in shop.order()["line_items"])
    shop.world.fulfil(number, {lamp: 2, bulb: 3}, "1Z1")
    shop.world.fulfil(number, {bulb: 2}, "1Z2")
    told = [one for one in shop.poll() if isinstance(one, ShipmentTold)]
    assert [
        (parcel.carrier, parcel.tracking_number, [(name.line_id, units) for name, units in parcel.lines])
        for one in told
        for parcel in one.parcels
    ] == [("UPS", "1Z1", [("line-1", 2), ("line-2", 3)]), ("UPS", "1Z2", [("line-2", 2)])]
    again = [one.key for one in shop.poll() if isinstance(one, ShipmentTold)]
    assert again == [one.key for one in told], "the same once more"


def test_numbers_of_tracking_plugins_count_once_the_order_is_completed(shop: Shop) -> None:
    number = int(shop.send())
    item = {"tracking_provider": "ups", "tracking_number": "1Z1", "date_shipped": "1796083200"}
    shop.world.change_order(number, {"meta_data": [{"key": "_wc_shipment_tracking_items", "value": [item]}]})
    assert not [one for one in shop.poll() if isinstance(one, ShipmentTold)], "a part may still be there"
    shop.world.change_order(number, {"status": "completed"})
    (told,) = [one for one in shop.poll() if isinstance(one, ShipmentTold)]
    assert [(one.carrier, one.tracking_number, one.lines) for one in told.parcels] == [("ups", "1Z1", ())]


def test_what_the_supplier_takes_off_or_cancels_is_an_answer(shop: Shop) -> None:
    number = int(shop.send())
    bulb = shop.order()["line_items"][1]["id"]
    shop.world.change_order(number, {"line_items": [{"id": bulb, "quantity": 3}]})
    less = [one for one in shop.poll() if isinstance(one, Acknowledgement) and one.lines]
    assert [(line.line.line_id, line.answer, line.quantity) for one in less for line in one.lines] == [
        ("line-2", "rejected", 2)
    ]
    lamp = shop.order()["line_items"][0]["id"]
    shop.world.change_order(number, {"line_items": [{"id": lamp, "quantity": 0}]})
    (less,) = [one for one in shop.poll() if isinstance(one, Acknowledgement) and one.lines]
    assert {line.line.line_id: line.quantity for line in less.lines} == {"line-1": 2, "line-2": 2}
    shop.world.change_order(number, {"status": "cancelled"})
    (end,) = shop.poll()
    assert isinstance(end, CancellationTold)


def test_what_is_withdrawn_is_taken_off_or_cancelled_there(shop: Shop) -> None:
    reference = shop.send()
    less = replace(shop.note, lines=(replace(LINES[1], quantity=4),))
    for _time in range(2):
        assert shop.channel.cancel(less, reference, shop.settings, sending(8)) is Stopping.STOPPED
        assert [(one["sku"], one["quantity"], one["total"]) for one in shop.order()["line_items"]] == [
            ("BULB-9", 4, "10.00")
        ]
    gone = replace(shop.note, lines=())
    assert shop.channel.cancel(gone, reference, shop.settings, sending(9)) is Stopping.STOPPED
    assert shop.order()["status"] == "cancelled"


def test_what_has_left_can_not_be_stopped(shop: Shop) -> None:
    reference = shop.send()
    shop.world.change_order(int(reference), {"status": "completed"})
    gone = replace(shop.note, lines=())
    assert shop.channel.cancel(gone, reference, shop.settings, sending(8)) is Stopping.REFUSED


@pytest.mark.parametrize("url", ["ftp://shop.example", "https://u:p@shop.example", "https://shop.example/?x=1", "shop"])
def test_an_address_that_can_not_be_is_refused(shop: Shop, url: str) -> None:
    shop.channel.check(shop.settings)
    with pytest.raises(Invalid) as caught:
        shop.channel.check(replace(shop.settings, values={**shop.settings.values, "url": url}))
    assert [one.field for one in caught.value.errors] == ["url"]


def test_a_shop_with_more_orders_than_are_read_is_not_taken_for_one_without_ours(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("other-1", "other-2", shop.note.number):
        shop.send(replace(shop.note, number=number, lines=LINES[:1]))
    monkeypatch.setattr(adapter, "_PAGE", 1)
    monkeypatch.setattr(adapter, "_PAGES", 2)
    for place, order in enumerate(shop.world.orders.values()):
        for name in ("date_created_gmt", "date_modified_gmt"):
            order[name] = f"{clock.now() + timedelta(minutes=place):%Y-%m-%dT%H:%M:%S}"
    assert shop.channel.probe(shop.note, shop.settings, sending(again=True)).presence is Presence.CANNOT_TELL
    waiting = Awaiting(shop.note.released_at, {shop.note.number}.intersection)
    answers, looks, marks = list[Answer](), 0, shop.settings.marks
    more = True
    while more and looks < 10:
        found = shop.channel.poll(replace(shop.settings, marks=marks), waiting)
        answers, marks, more, looks = [*answers, *found.answers], found.marks, found.more, looks + 1
    assert looks > 1
    assert {one.number for one in answers} == {shop.note.number}


def test_an_order_that_changes_while_they_are_read_hides_no_other(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "_PAGE", 2)
    numbers = [f"1001-{place}" for place in range(1, 6)]
    for number in numbers:
        shop.send(replace(shop.note, number=number, lines=LINES[:1]))
    first = next(iter(shop.world.orders))
    shop.world.after_reading.append(lambda: shop.world.change_order(first, {"status": "on-hold"}))
    waiting = Awaiting(shop.note.released_at, set(numbers).intersection)
    answers = shop.channel.poll(shop.settings, waiting).answers
    assert sorted(one.number for one in answers) == numbers[1:], "the first one is on hold by now, and is read once"
    assert not shop.world.after_reading


def test_orders_of_one_second_are_all_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "_PAGE", 2)
    for product in shop.world.products.values():
        product["stock_quantity"] = 100
    numbers = [f"1001-{place}" for place in range(1, 8)]
    for number in numbers:
        shop.send(replace(shop.note, number=number, lines=LINES[:1]))
    for order in list(shop.world.orders.values())[1:]:
        order["date_modified_gmt"] = f"{clock.now() + timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}"
    waiting = Awaiting(shop.note.released_at, set(numbers).intersection)
    answers = shop.channel.poll(shop.settings, waiting).answers
    assert sorted(one.number for one in answers) == numbers


def test_a_day_in_a_custom_field_says_what_comes_later_until_it_is_taken_out(shop: Shop) -> None:
    number = int(shop.send())
    shop.poll()
    _lamp, bulb = shop.order()["line_items"]
    bulb["meta_data"].append({"id": 1, "key": "crossdock_available_on", "value": "2026-12-24"})
    shop.world.change_order(number, {"meta_data": [{"key": "crossdock_available_on", "value": "from 2026-12-20 on"}]})

    def later() -> list[tuple[str, int | None, date | None]]:
        (found,) = [one for one in shop.poll() if ":later:" in one.key]
        assert isinstance(found, Acknowledgement)
        return [(one.line.line_id, one.quantity, one.available_on) for one in found.lines]

    assert later() == [("line-1", 2, date(2026, 12, 20)), ("line-2", 5, date(2026, 12, 24))]
    bulb["meta_data"].pop()
    assert later() == [("line-1", 2, date(2026, 12, 20)), ("line-2", 5, date(2026, 12, 20))]
    shop.world.change_order(number, {"meta_data": [{"key": "crossdock_available_on", "value": ""}]})
    (there,) = [one for one in shop.poll() if ":there:" in one.key]
    assert isinstance(there, Acknowledgement) and there.whole == "accepted"
