"""CSV with a partner: orders in its own columns, and its answers read whatever it calls them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.adapters import registries
from app.adapters.channels.sftp_csv.reading import read
from app.kit.errors import Invalid
from app.kit.money import Money
from app.purchasing.answers import AcknowledgedLine, Acknowledgement, ChangeAnswered, LineName, ShipmentTold
from app.purchasing.channel import Stopping, SupplierChannel
from tests.adapters.channels.partner import NOTE, SENDER, Exchange, exchange_with, sending
from tests.adapters.settings import set_up
from tests.domains.feeds.portal import file_servers

__all__ = ["exchange_with", "file_servers", "set_up"]


@pytest.fixture
def exchange(exchange_with: Callable[[SupplierChannel], Exchange]) -> Exchange:
    """A partner that exchanges CSV."""
    return exchange_with(registries.channels.get("sftp_csv"))


def answers_of(text: str, **how: Any) -> list[Any]:
    """What a file says; every row is good."""
    found = read("answers.csv", text.encode(), dates=how.pop("dates", "%Y-%m-%d"), named=how)
    assert found.unreadable == []
    return found.answers


def test_orders_come_in_the_columns_of_the_supplier(exchange: Exchange) -> None:
    exchange.set(
        columns='Bestellung = number\nQuelle = "Crossdock"\nArtikel = sku\nText = title\nMenge = quantity\n'
        "Preis = unit_price\nVersand bis = ship_by\nName = name\nTelefon = phone",
        separator="semicolon",
        decimal="comma",
        dates="29.11.2026",
        encoding="windows-1252",
    )
    exchange.channel.check(exchange.settings)
    second = replace(NOTE, number="1002-1", lines=NOTE.lines[:1])
    exchange.channel.transmit([NOTE, second], exchange.settings, sending(42))
    ((name, content),) = exchange.sent().items()
    assert name == "orders-000042-2a827f.csv"
    rows = list(csv.reader(io.StringIO(content.decode("cp1252")), delimiter=";"))
    assert rows == [
        ["Bestellung", "Quelle", "Artikel", "Text", "Menge", "Preis", "Versand bis", "Name", "Telefon"],
        ["1001-1", "Crossdock", "LAMP-1", "Lamp", "2", "15,00", "01.12.2026", "Zoë Ångström", "+48 42 123 45 67"],
        ["1001-1", "Crossdock", "BULB-9", "'=Bulb", "5", "2,50", "01.12.2026", "Zoë Ångström", "+48 42 123 45 67"],
        ["1002-1", "Crossdock", "LAMP-1", "Lamp", "2", "15,00", "01.12.2026", "Zoë Ångström", "+48 42 123 45 67"],
    ]


def test_without_a_template_there_are_columns_of_ours_and_cancellations_in_them(exchange: Exchange) -> None:
    exchange.channel.transmit([NOTE], exchange.settings, sending(1))
    gone, less = replace(NOTE, lines=()), replace(NOTE, lines=NOTE.lines[1:])
    assert exchange.channel.cancel(gone, "", exchange.settings, sending(2)) is Stopping.ASKED
    assert exchange.channel.cancel(less, "", exchange.settings, sending(3)) is Stopping.ASKED
    said = {
        name: [
            (row["action"], row["po_number"], row["sku"], row["quantity"])
            for row in csv.DictReader(io.StringIO(content.decode()))
        ]
        for name, content in exchange.sent().items()
    }
    assert said == {
        "orders-000001-2a827f.csv": [("new", "1001-1", "LAMP-1", "2"), ("new", "1001-1", "BULB-9", "5")],
        "cancel-000002-2a827f.csv": [("cancel", "1001-1", "", "")],
        "change-000003-2a827f.csv": [("change", "1001-1", "BULB-9", "5")],
    }


def test_a_file_says_who_stands_on_the_parcel_and_what_of_the_money_is_the_order_fee(exchange: Exchange) -> None:
    named = replace(NOTE, sender=replace(SENDER, as_sender=False))
    without = replace(NOTE, number="1002-1")
    exchange.channel.transmit([named, without], exchange.settings, sending(1))
    (content,) = exchange.sent().values()
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    ours = {name: value for name, value in rows[0].items() if name.startswith(("sender_", "as_"))}
    assert ours == {
        "sender_name": "Northwind Returns",
        "sender_company": "Northwind Home Inc.",
        "sender_address1": "77 Retail Street",
        "sender_address2": "",
        "sender_city": "Portland",
        "sender_province": "ME",
        "sender_postal_code": "04101",
        "sender_country": "US",
        "sender_phone": "+12075552368",
        "as_sender": "no",
        "as_return_address": "yes",
    }
    assert not any(rows[2][name] for name in ours), "the supplier stands on it"
    exchange.set(columns="no = number\nfee = order_fee\nshipping = shipping_cost", decimal="comma")
    exchange.channel.transmit(
        [replace(NOTE, shipping=Money(600, "EUR"), order_fee=Money(350, "EUR"))], exchange.settings, sending(2)
    )
    assert b'1001-1,"3,50","6,00"' in exchange.sent()["orders-000002-2a827f.csv"]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("columns", "Order"),
        ("columns", "Order = nothing"),
        ("answer_columns", "Order = nothing"),
        ("answer_columns", 'Order = "1"'),
        ("columns", "\n".join(f"c{number} = sku" for number in range(61))),
    ],
)
def test_a_template_that_can_not_be_is_refused_with_its_line(exchange: Exchange, field: str, text: str) -> None:
    exchange.set(**{field: text})
    with pytest.raises(Invalid) as caught:
        exchange.channel.check(exchange.settings)
    assert [one.field for one in caught.value.errors] == [field]


LAMP = LineName(sku="LAMP-1")


def test_answers_are_read_whatever_their_columns_are_called() -> None:
    german = (
        "Bestellnummer;Artikelnummer;Status;Menge;Liefertermin\r\n"
        "1001-1;LAMP-1;Rückstand;2;12.12.2026\r\n"
        "1001-1;BULB-9;nicht lieferbar;5;\r\n"
        "1002-1;;bestätigt;;\r\n"
    )
    first, second = answers_of(german, dates="%d.%m.%Y")
    assert isinstance(first, Acknowledgement)
    assert (first.number, list(first.lines)) == (
        "1001-1",
        [
            AcknowledgedLine(line=LAMP, answer="backordered", quantity=2, available_on=date(2026, 12, 12)),
            AcknowledgedLine(line=LineName(sku="BULB-9"), answer="rejected", quantity=5, reason="out_of_stock"),
        ],
    )
    assert (second.number, second.whole, second.lines) == ("1002-1", "accepted", [])

    named = answers_of("ref x,what,say\n1001-1,LAMP-1,OK\n", **{"ref x": "number", "what": "sku", "say": "status"})
    assert named[0].lines == [AcknowledgedLine(line=LAMP, answer="accepted")]


def test_a_line_may_be_shared_out_over_rows() -> None:
    (answer,) = answers_of(
        "po,sku,qty,status,eta\n"
        "1001-1,LAMP-1,2,accepted,\n"
        "1001-1,LAMP-1,1,backordered,2026-12-12\n"
        "1001-1,LAMP-1,2,backordered,2026-12-05\n"
        "1001-1,LAMP-1,2,accepted,\n"
        "1001-1,LAMP-1,1,out of stock,\n"
    )
    assert [(line.answer, line.quantity, line.available_on) for line in answer.lines] == [
        ("accepted", 2, None),
        ("backordered", 3, date(2026, 12, 12)),
        ("rejected", 1, None),
    ]


@pytest.mark.parametrize("written", ["5", "5,0", "5.00", "5,000", "5.000"])
def test_quantities_may_have_decimals(written: str) -> None:
    (answer,) = answers_of(f"Bestellnummer;Artikelnummer;Status;Menge\r\n1001-1;LAMP-1;nicht lieferbar;{written}\r\n")
    assert [line.quantity for line in answer.lines] == [5]


def test_parcels_are_read_with_their_lines_or_without() -> None:
    text = (
        "PO Number,Line,SKU,Qty,Carrier,Tracking Number,Ship Date\n"
        "1001-1,1,LAMP-1,2,UPS,1Z1,2026-11-30\n"
        "1001-1,2,BULB-9,3,UPS,1Z1,2026-11-30\n"
        "1001-1,2,BULB-9,2,UPS,1Z2,\n"
        "1002-1,,,,GLS,G-1,\n"
    )
    first, second = answers_of(text)
    assert isinstance(first, ShipmentTold)
    assert [(one.carrier, one.tracking_number, list(one.lines)) for one in first.parcels] == [
        ("UPS", "1Z1", [(LineName(position=1, sku="LAMP-1"), 2), (LineName(position=2, sku="BULB-9"), 3)]),
        ("UPS", "1Z2", [(LineName(position=2, sku="BULB-9"), 2)]),
    ]
    assert first.parcels[0].shipped_at == datetime.fromisoformat("2026-11-30T12:00")
    assert second.parcels[0].lines == []


def test_cancellations_are_answered() -> None:
    first, second = answers_of("order,status\n1001-1,cancelled\n1002-1,too late\n")
    assert isinstance(first, ChangeAnswered)
    assert [(one.number, one.granted) for one in (first, second)] == [("1001-1", True), ("1002-1", False)]


def test_rows_that_can_not_be_used_are_told_and_the_others_count() -> None:
    text = (
        "po,sku,qty,status,eta,tracking\n"
        "1001-1,LAMP-1,2,accepted,,\n"
        ",LAMP-1,2,accepted,,\n"
        "1001-1,BULB-9,some,accepted,,\n"
        "1001-1,BULB-9,1,who knows,,\n"
        "1001-1,BULB-9,1,backordered,,\n"
        "1001-1,BULB-9,1,backordered,31.31.2026,\n"
        "1001-1,BULB-9,1,shipped,,\n"
        "1001-1,BULB-9,1,rejected,,1Z1\n"
        "1001-1,BULB-9\n"
    )
    found = read("answers.csv", text.encode(), dates="%Y-%m-%d", named={})
    assert [one.number for one in found.answers] == ["1001-1"]
    assert found.unreadable[0].problem == (
        "Row 3: It names no order. Row 4: “some” is no quantity. Row 5: The status “who knows” is not known. "
        "Row 6: It comes later, but there is no date. Row 7: “31.31.2026” is no date as the template says. "
        "Row 8: It was shipped, but has no tracking number. "
        "Row 9: It has a tracking number, but says “rejected”. "
        "Row 10: It has neither a status nor a tracking number."
    )


@pytest.mark.parametrize(
    ("text", "named", "words"),
    [
        ("", {}, "empty"),
        ("a,b\n1,2\n", {}, "no column with our order number"),
        ("po,sku\n1,2\n", {}, "neither a column with a status"),
        ("po,status\n1,ok\n", {"Gone": "sku"}, "lacks columns"),
    ],
)
def test_a_file_that_is_none_of_answers_is_told(text: str, named: dict[str, str], words: str) -> None:
    found = read("answers.csv", text.encode(), dates="%Y-%m-%d", named=named)
    assert found.answers == []
    assert words in found.unreadable[0].problem


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: ("po,sku,status\n" + text).encode())))
def test_any_bytes_end_in_answers_or_in_words(content: bytes) -> None:
    found = read("answers.csv", content, dates="%d.%m.%Y", named={})
    assert all(one.problem for one in found.unreadable)
    assert all(one.number for one in found.answers)


def test_a_file_is_taken_from_the_folder_once(exchange: Exchange) -> None:
    exchange.answer("ack.csv", "po,status\n1001-1,confirmed\n")
    (answer,) = exchange.poll().answers
    assert (answer.number, answer.source) == ("1001-1", "ack.csv")
    assert exchange.poll().answers == []
