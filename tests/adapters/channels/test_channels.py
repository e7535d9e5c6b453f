"""Supplier channels: what every one keeps to, and the e-mail's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.adapters import registries
from app.kit.errors import Invalid
from app.kit.money import Money
from app.purchasing.channel import ChannelSettings, PurchaseOrderLineNote, PurchaseOrderNote, SupplierChannel

CHANNELS = registries.channels.all()
NOTE = PurchaseOrderNote(
    id="0198c0de-0000-7000-8000-000000000001",
    number="1001-1",
    retailer_name="Lamp Lovers",
    supplier_id="0198c0de-0000-7000-8000-000000000002",
    supplier_name="Bright Ltd",
    recipients=("orders@bright.example",),
    country="DE",
    ship_by=datetime(2026, 11, 24, 17, tzinfo=UTC),
    url="https://crossdock.example/supplier/purchase-orders/1",
    total=Money(4250, "EUR"),
    lines=(
        PurchaseOrderLineNote(sku="LAMP-1", title="Lamp", quantity=2, wholesale_price=Money(1500, "EUR")),
        PurchaseOrderLineNote(sku="BULB-9", title="Bulb", quantity=1, wholesale_price=Money(250, "EUR")),
    ),
)


@pytest.mark.parametrize("name", sorted(CHANNELS))
@pytest.mark.parametrize(
    "note",
    [
        NOTE,
        replace(NOTE, ship_by=None),
        replace(NOTE, lines=NOTE.lines[1:]),
        replace(NOTE, number="A" * 80),
        replace(NOTE, recipients=()),
    ],
    ids=["whole", "no date", "one item", "long number", "nobody"],
)
def test_every_channel_keeps_to_the_port(name: str, note: PurchaseOrderNote) -> None:
    channel = CHANNELS[name]
    assert isinstance(channel, SupplierChannel)
    assert channel.name == name and channel.label and channel.summary
    composed = channel.compose([note])
    if composed is None:
        return
    assert not channel.transmits
    assert 0 < len(composed.subject) <= 60
    assert "\n" not in composed.subject
    assert composed.paragraphs and all(composed.paragraphs)


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_every_channels_form_can_be_filled_in(name: str) -> None:
    channel = CHANNELS[name]
    names = [one.name for one in channel.form]
    assert len(names) == len(set(names))
    for one in channel.form:
        assert one.label
        assert (one.kind == "choice") == bool(one.choices)
        assert not (one.is_secret and one.default)
        if one.kind == "choice":
            assert one.default in {value for value, _label in one.choices} | {""}


@pytest.mark.parametrize("name", sorted(name for name, one in CHANNELS.items() if any(s.required for s in one.form)))
def test_empty_settings_name_what_is_missing(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        CHANNELS[name].check(ChannelSettings(supplier_id=NOTE.supplier_id))
    assert {error.field for error in refused.value.errors} <= {one.name for one in CHANNELS[name].form}


@pytest.mark.parametrize("name", sorted(name for name, one in CHANNELS.items() if not one.transmits))
def test_what_sends_nothing_to_a_system_asks_nothing_of_it(name: str) -> None:
    channel = CHANNELS[name]
    assert not (channel.batches or channel.needs_address or channel.poll_minutes or channel.cancels)


def test_the_portal_sends_nothing() -> None:
    assert CHANNELS["portal"].compose([NOTE]) is None


def test_the_email_tells_what_came_and_by_when() -> None:
    composed = CHANNELS["email"].compose([NOTE])
    assert composed is not None
    assert composed.subject == "New order 1001-1: 3 items, ship by 24 Nov"
    text = " ".join(composed.paragraphs)
    for part in ("Lamp Lovers", "3 items", "42.50 EUR", "DE", "24 Nov 2026", "tracking"):
        assert part in text


def test_one_item_is_not_counted_in_the_plural() -> None:
    composed = CHANNELS["email"].compose([replace(NOTE, lines=NOTE.lines[1:], ship_by=None)])
    assert composed is not None
    assert composed.subject == "New order 1001-1: 1 item"


def test_a_long_number_pushes_out_the_date_before_the_items() -> None:
    number = "SHOP-2026-11-000000000000001-1"
    composed = CHANNELS["email"].compose([replace(NOTE, number=number)])
    assert composed is not None
    assert composed.subject == f"New order {number}: 3 items"


def test_a_batch_is_one_letter() -> None:
    earlier = replace(NOTE, number="1002-1", ship_by=datetime(2026, 11, 23, tzinfo=UTC))
    composed = CHANNELS["email"].compose([NOTE, earlier])
    assert composed is not None
    assert composed.subject == "2 new orders: 6 items, ship by 23 Nov"


def test_nobody_to_write_to() -> None:
    assert CHANNELS["email"].compose([replace(NOTE, recipients=())]) is None
