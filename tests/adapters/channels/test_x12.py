"""X12 with a partner: what we send is X12 by a parser that is not ours; what it answers becomes answers or a 997."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyx12.x12file import X12Reader

from app.adapters import registries
from app.adapters.channels.x12.taking import take
from app.kit import x12
from app.kit.errors import Invalid
from app.kit.money import Money
from app.kit.x12 import Partner
from app.purchasing.answers import (
    AcknowledgedLine,
    Acknowledgement,
    ChangeAnswered,
    InvoiceTold,
    LineName,
    ReceiptTold,
    ShipmentTold,
)
from app.purchasing.channel import PurchaseOrderLineNote, Stopping, SupplierChannel
from tests.adapters.channels.partner import NOTE, SENDER, Exchange, exchange_with, sending
from tests.adapters.settings import set_up
from tests.domains.feeds.portal import file_servers
from tests.samples import all_samples

__all__ = ["exchange_with", "file_servers", "set_up"]
GROUPS = {"855": "PR", "865": "CA", "856": "SH", "810": "IN", "997": "FA"}
US = Partner(sender_qualifier="ZZ", sender="CROSSDOCK", receiver_qualifier="01", receiver="BRIGHT")
THEM = Partner(sender_qualifier="01", sender="BRIGHT", receiver_qualifier="ZZ", receiver="CROSSDOCK")
AT = datetime(2026, 11, 29, 23, tzinfo=UTC)


def file_of(*documents: tuple[str, str], control: int = 1, partner: Partner = THEM) -> bytes:
    """An interchange of the partner: each document's number and its segments, one on a line."""
    kind = documents[0][0]
    bodies = [
        (number, [segment.strip().split("*") for segment in body.strip().splitlines()]) for number, body in documents
    ]
    return x12.interchange(partner, GROUPS.get(kind, "ZZ"), bodies, control=control, at=AT)


def answers_of(kind: str, body: str) -> list[Any]:
    """What a document says; nothing is unreadable."""
    taken = take("file.edi", file_of((kind, body)), US, "USD")
    assert taken.unreadable == []
    return taken.answers


def foreign(content: bytes) -> list[list[str]]:
    """The segments by pyx12, which finds nothing wrong."""
    reader = X12Reader(io.StringIO(content.decode()))
    rows: list[list[str]] = []
    for segment in reader:
        elements = [segment.get_value(f"{place:02}") or "" for place in range(1, len(segment) + 1)]
        rows.append([str(segment.get_seg_id()), *elements])
        assert reader.pop_errors() == []
    reader.cleanup()
    assert reader.pop_errors() == []
    return rows


@pytest.fixture
def exchange(exchange_with: Callable[[SupplierChannel], Exchange]) -> Exchange:
    """A partner that speaks X12."""
    return exchange_with(registries.channels.get("x12"))


def test_an_order_is_an_850(exchange: Exchange) -> None:
    exchange.channel.transmit([NOTE], exchange.settings, sending(42))
    ((name, content),) = exchange.sent().items()
    assert name == "850-000000042-2a827f.edi"
    rows = foreign(content)
    assert rows[0][5:9] == ["ZZ", "CROSSDOCK      ", "01", "BRIGHT         "]
    assert (rows[0][13], rows[0][15], rows[1][1], rows[1][6]) == ("000000042", "P", "PO", "42")
    assert rows[2:-3] == [
        ["ST", "850", "0001"],
        ["BEG", "00", "DS", "1001-1", "", "20261129"],
        ["CUR", "BY", "EUR"],
        ["REF", "CO", "#1001"],
        ["DTM", "010", "20261201"],
        ["TD5", "", "", "", "", "Standard"],
        ["N1", "BY", "Lamp Lovers"],
        ["N1", "ST", "Zoe Angstrom"],
        ["N2", "Lampen & Sohne"],
        ["N3", "Strasse 5", "c/o Star"],
        ["N4", "Lodz", "", "90-001", "PL"],
        ["PER", "DC", "Zoe Angstrom", "TE", "+48 42 123 45 67"],
        ["PO1", "1", "2", "EA", "15.00", "WE", "VP", "LAMP-1", "EN", "4006381333931"],
        ["PID", "F", "", "", "", "Lamp"],
        ["PO1", "2", "5", "EA", "2.50", "WE", "VP", "BULB-9"],
        ["PID", "F", "", "", "", "=Bulb"],
        ["CTT", "2"],
        ["AMT", "TT", "42.50"],
    ]


_NORTHWIND = [
    ["N2", "Northwind Home Inc."],
    ["N3", "77 Retail Street"],
    ["N4", "Portland", "ME", "04101", "US"],
    ["PER", "DC", "Northwind Returns", "TE", "+12075552368"],
]


@pytest.mark.parametrize(
    ("as_sender", "as_return_address", "parties"),
    [(True, False, ["SH"]), (False, True, ["RT"]), (True, True, ["SH", "RT"])],
)
def test_an_850_names_who_stands_on_the_parcel_and_where_it_returns_to(
    exchange: Exchange, as_sender: bool, as_return_address: bool, parties: list[str]
) -> None:
    sender = replace(SENDER, as_sender=as_sender, as_return_address=as_return_address)
    exchange.channel.transmit([replace(NOTE, sender=sender)], exchange.settings, sending(42))
    (content,) = exchange.sent().values()
    rows = foreign(content)
    begin = next(place for place, row in enumerate(rows) if row[:2] == ["N1", "ST"]) + 5
    end = next(place for place, row in enumerate(rows) if row[0] == "PO1")
    assert rows[begin:end] == [row for who in parties for row in (["N1", who, "Northwind Returns"], *_NORTHWIND)]


def test_what_is_withdrawn_is_an_860(exchange: Exchange) -> None:
    gone = replace(NOTE, lines=())
    assert exchange.channel.cancel(gone, "850-1.edi", exchange.settings, sending(43)) is Stopping.ASKED
    content = exchange.sent()["860-000000043-2a827f.edi"]
    (beginning,) = [row for row in foreign(content) if row[0] == "BCH"]
    assert beginning[1:4] == ["01", "DS", "1001-1"]

    less = replace(
        NOTE, lines=(replace(NOTE.lines[1], quantity=3),), withdrawn=(NOTE.lines[0], replace(NOTE.lines[1], quantity=2))
    )
    exchange.channel.cancel(less, "850-1.edi", exchange.settings, sending(44))
    rows = foreign(exchange.sent()["860-000000044-2a827f.edi"])
    assert [row[1] for row in rows if row[0] == "BCH"] == ["04"]
    assert [row[:5] for row in rows if row[0] == "POC"] == [["POC", "1", "DI", "2", "0"], ["POC", "2", "QD", "5", "3"]]


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50)
_LINES = st.builds(
    PurchaseOrderLineNote,
    sku=_TEXTS,
    title=_TEXTS,
    quantity=st.integers(1, 10**6),
    wholesale_price=st.integers(0, 10**8).map(lambda minor: Money(minor, "EUR")),
    position=st.integers(1, 999),
    gtin=st.sampled_from(["", "4006381333931", "036000291452"]),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(_LINES, min_size=1, max_size=4), _TEXTS)
def test_any_order_is_read_back_by_another_parser(lines: list[PurchaseOrderLineNote], name: str) -> None:
    from app.adapters.channels.x12.orders import purchase_order

    body = purchase_order(replace(NOTE, lines=lines, retailer_name=name))
    rows = foreign(x12.interchange(US, "PO", [("850", body)], control=5, at=AT))
    items = [row for row in rows if row[0] == "PO1"]
    assert [(row[1], row[2], Decimal(row[4])) for row in items] == [
        (str(line.position), str(line.quantity), line.wholesale_price.decimal) for line in lines
    ]
    assert [row[7] if len(row) > 7 else "" for row in items] == [x12.on_paper(line.sku, 100) for line in lines]


LAMP, BULB = LineName(position=1, sku="LAMP-1"), LineName(position=2, sku="BULB-9")


@pytest.mark.parametrize(
    ("acks", "lines"),
    [
        ("ACK*IA*2*EA", [AcknowledgedLine(line=LAMP, answer="accepted")]),
        ("ACK*IP*2*EA", [AcknowledgedLine(line=LAMP, answer="accepted", price=Decimal(15))]),
        (
            "ACK*IB*2*EA*068*20261212",
            [AcknowledgedLine(
                line=LAMP, answer="backordered", available_on=date(2026, 12, 12)
            )],
        ),
        ("ACK*IR*2*EA", [AcknowledgedLine(line=LAMP, answer="rejected", reason="other")]),
        ("ACK*ID*2*EA", [AcknowledgedLine(line=LAMP, answer="rejected", reason="discontinued")]),
        ("ACK*R2", [AcknowledgedLine(line=LAMP, answer="rejected", reason="invalid_item")]),
        ("ACK*IR*2*EA\nMSG*Out of stock", [AcknowledgedLine(line=LAMP, answer="rejected", reason="out_of_stock")]),
        ("ACK*IQ*1*EA", [
            AcknowledgedLine(line=LAMP, answer="rejected", quantity=1, reason="out_of_stock"),
        ]),
        ("ACK*IH*2*EA", []),
    ],
)  # fmt: skip
def test_an_855_says_of_a_line(acks: str, lines: list[AcknowledgedLine]) -> None:
    answers = answers_of("855", f"BAK*00*AC*1001-1*20261129\nPO1*1*2*EA*15**VP*LAMP-1\n{acks}\nCTT*1")
    said = [line for answer in answers for line in answer.lines if line.answer == "rejected" or len(lines) == 1]
    assert [line for line in said if line.answer != "accepted" or line in lines] == lines
    assert {answer.number for answer in answers} <= {"1001-1"}


_DAY = date(2026, 12, 12)


@pytest.mark.parametrize(
    ("acks", "said"),
    [
        ("ACK*IR*2*EA\nACK*IB*3*EA*068*20261212", [("rejected", 2, None), ("backordered", None, _DAY)]),
        ("ACK*IA*3*EA\nACK*IB*2*EA*068*20261212", [("backordered", 2, _DAY), ("accepted", None, None)]),
        (
            "ACK*IA*2*EA\nACK*IB*2*EA*068*20261212\nACK*IR*1*EA",
            [("rejected", 1, None), ("backordered", 2, _DAY), ("accepted", None, None)],
        ),
        # Nothing is said of one.
        (
            "ACK*IA*2*EA\nACK*IB*2*EA*068*20261212",
            [("rejected", 1, None), ("backordered", 2, _DAY), ("accepted", None, None)],
        ),
        # It comes on two days: all of it is there on the last.
        (
            "ACK*IA*2*EA\nACK*IB*1*EA*068*20261212\nACK*IB*2*EA*068*20261205",
            [("backordered", 3, _DAY), ("accepted", None, None)],
        ),
    ],
)
def test_an_855_may_share_a_line_out(acks: str, said: list[tuple[str, int | None, date | None]]) -> None:
    body = f"BAK*00*AC*1001-1*20261129\nPO1*2*5*EA*2.5**VP*BULB-9\n{acks}"
    (answer,) = answers_of("855", body)
    assert isinstance(answer, Acknowledgement)
    assert [(line.answer, line.quantity, line.available_on) for line in answer.lines] == said
    assert {line.line for line in answer.lines} == {BULB}


@pytest.mark.parametrize(("kind", "whole"), [("AD", "accepted"), ("AT", "accepted"), ("RJ", "rejected")])
def test_an_855_may_speak_of_the_whole_order(kind: str, whole: str) -> None:
    (answer,) = answers_of("855", f"BAK*00*{kind}*1001-1*20261129\nPO1*1*2*EA*15**VP*LAMP-1")
    assert isinstance(answer, Acknowledgement)
    assert (answer.whole, answer.lines) == (whole, ())


@pytest.mark.parametrize(("kind", "stopped"), [("AT", True), ("RJ", False)])
def test_an_865_answers_a_cancellation(kind: str, stopped: bool) -> None:
    (answer,) = answers_of("865", f"BCA*00*{kind}*1001-1**1*20261129")
    assert isinstance(answer, ChangeAnswered)
    assert (answer.number, answer.granted) == ("1001-1", stopped)


SHIPMENT = """
BSN*00*S-77*20261130*1200*0001
HL*1**S
TD5*B*2*UPSN*M*UPS Ground
DTM*011*20261130*1530
HL*2*1*O
PRF*1001-1
HL*3*2*P
MAN*CP*1Z999AA10123456784
HL*4*3*I
LIN*1*VP*LAMP-1
SN1**2*EA
HL*5*2*P
REF*CN*1Z999AA10123456785
HL*6*5*I
LIN*2*VP*BULB-9
SN1**3*EA
HL*7*1*O
PRF*1002-1
HL*8*7*P
MAN*CP*1Z999AA10123456786
HL*9*8*I
LIN**UP*036000291452
SN1**1.0*EA
CTT*9
"""


def test_an_856_tells_of_every_package_of_every_order() -> None:
    first, second = answers_of("856", SHIPMENT)
    assert isinstance(first, ShipmentTold)
    assert (first.number, second.number) == ("1001-1", "1002-1")
    assert [(one.tracking_number, list(one.lines)) for one in first.parcels] == [
        ("1Z999AA10123456784", [(LAMP, 2)]),
        ("1Z999AA10123456785", [(BULB, 3)]),
    ]
    assert {one.carrier for one in first.parcels} == {"ups"}
    assert first.parcels[0].shipped_at == datetime.fromisoformat("2026-11-30T15:30")
    assert second.parcels[0].lines == [(LineName(sku="036000291452"), 1)]


def test_an_856_may_put_packages_below_items_or_tracking_at_the_shipment() -> None:
    below = """
        BSN*00*S-78*20261130*1200*0002
        HL*1**S
        HL*2*1*O
        PRF*1001-1
        HL*3*2*I
        LIN*2*VP*BULB-9
        SN1**5*EA
        HL*4*3*P
        MAN*CP*T-1
        SN1**2*EA
        HL*5*3*P
        MAN*CP*T-2
        SN1**3*EA
    """
    (told,) = answers_of("856", below)
    assert [(one.tracking_number, one.lines[0][1]) for one in told.parcels] == [("T-1", 2), ("T-2", 3)]
    above = """
        BSN*00*S-79*20261130*1200*0004
        HL*1**S
        TD5**2*XXXX**Some Courier
        REF*CN*PRO-1
        HL*2*1*O
        PRF*1001-1
        HL*3*2*I
        LIN*1*VP*LAMP-1
        SN1**1*EA
        HL*4*2*I
        LIN*2*VP*BULB-9
        SN1**1*EA
    """
    (told,) = answers_of("856", above)
    (parcel,) = told.parcels
    assert (parcel.carrier, parcel.tracking_number, list(parcel.lines)) == (
        "Some Courier",
        "PRO-1",
        [(LAMP, 1), (BULB, 1)],
    )


def test_an_810_is_an_invoice() -> None:
    body = """
        BIG*20261201*INV-9*20261129*1001-1
        CUR*SE*EUR
        IT1*1*2*EA*15.00**VP*LAMP-1
        IT1*2*5*EA*2.50**VP*BULB-9
        TDS*4900
        TXI*VA*1.50
        SAC*C*D240***500
    """
    (told,) = answers_of("810", body)
    assert isinstance(told, InvoiceTold)
    assert (told.number, told.invoice_number, told.dated) == ("1001-1", "INV-9", date(2026, 12, 1))
    assert (told.total, told.goods) == (Money(4900, "EUR"), Money(4250, "EUR"))
    assert (told.shipping, told.tax) == (Money(500, "EUR"), Money(150, "EUR"))
    assert list(told.lines) == [(LAMP, 2, Money(1500, "EUR")), (BULB, 5, Money(250, "EUR"))]


@pytest.mark.parametrize(
    ("verdict", "taken", "message"),
    [
        ("AK5*A\nAK9*A*1*1*1", True, ""),
        ("AK5*E*5\nAK9*E*1*1*1", True, ""),
        ("AK3*N4*11**8\nAK4*2*156*1\nAK5*R*5\nAK9*R*1*1*0", False, "N402 is missing"),
        ("AK3*DTM*9**3\nAK5*R*5\nAK9*R*1*1*0", False, "segment DTM is missing"),
    ],
)
def test_a_997_says_what_became_of_our_message(verdict: str, taken: bool, message: str) -> None:
    (told,) = answers_of("997", f"AK1*PO*42\nAK2*850*0001\n{verdict}")
    assert told == ReceiptTold(key=told.key, number="", source="file.edi", taken=taken, sequence=42, message=message)


def test_everything_received_is_answered_with_a_997_that_says_why(exchange: Exchange) -> None:
    good = ("855", "BAK*00*AT*1001-1*20261129\nZZZ*unknown*segment\nPO1*1*2*EA*15**VP*LAMP-1")
    nameless = ("855", "BAK*00*AT**20261129")
    exchange.answer("a.edi", file_of(good, nameless, control=11))
    exchange.answer("b.edi", file_of(("997", "AK1*PO*42\nAK9*A*1*1*1"), control=12))
    exchange.answer("c.edi", file_of(good, control=13).replace(b"SE*5*", b"SE*9*"))
    exchange.answer("d.edi", file_of(("870", "BSR*3*PA*1*20261129"), control=14))

    found = exchange.poll()
    assert [type(one).__name__ for one in found.answers] == ["Acknowledgement", "ReceiptTold"]
    assert [one.problem for one in found.unreadable] == [
        "Document 855 0002: The 855 names no purchase order (BAK03).",
        "Document 855 0001: The trailer (SE) counts 9 segments, there are 5.",
        "Document 870 0001: Documents of the kind 870 are not taken in a group ZZ.",
    ]
    exchange.put_away(99)
    ((name, content),) = exchange.sent().items()
    assert name == "997-000000099-2a827f.edi"
    rows = foreign(content)
    assert rows[1][1] == "FA" and rows[0][13] == "000000099"
    kept = [row for row in rows if row[0].startswith("AK")]
    assert kept == [
        ["AK1", "PR", "11"],
        ["AK2", "855", "0001"], ["AK5", "A"],
        ["AK2", "855", "0002"], ["AK3", "BAK", "2", "", "8"], ["AK4", "3", "", "1"], ["AK5", "R", "5"],
        ["AK9", "P", "2", "2", "1"],
        ["AK1", "PR", "13"], ["AK2", "855", "0001"], ["AK5", "R", "4"], ["AK9", "R", "1", "1", "0"],
        ["AK1", "ZZ", "14"], ["AK2", "870", "0001"], ["AK5", "R", "1"], ["AK9", "R", "1", "1", "0"],
    ]  # fmt: skip

    exchange.put_away(100)
    assert list(exchange.sent()) == [name], "once"


def test_the_same_interchange_has_the_same_keys_whatever_its_file_is_called() -> None:
    content = file_of(("855", "BAK*00*AT*1001-1*20261129"), control=11)
    first, second = take("a.edi", content, US, "USD"), take("b.edi", content, US, "USD")
    other = take("a.edi", file_of(("855", "BAK*00*AT*1001-1*20261129"), control=12), US, "USD")
    assert [one.key for one in first.answers] == [one.key for one in second.answers]
    assert [one.key for one in first.answers] != [one.key for one in other.answers]


@pytest.mark.parametrize(
    ("partner", "words"),
    [
        (replace(THEM, receiver="ANOTHER"), "is for “ANOTHER”"),
        (replace(THEM, sender="STRANGER"), "is from “STRANGER”"),
        (replace(THEM, test=True), "is a test"),
    ],
)
def test_what_is_not_between_us_and_the_partner_is_left_alone(partner: Partner, words: str) -> None:
    taken = take("a.edi", file_of(("855", "BAK*00*AT*1001-1*20261129"), partner=partner), US, "USD")
    assert taken.answers == [] and taken.receipts == []
    assert words in taken.unreadable[0].problem


@pytest.mark.parametrize(
    "body",
    [
        "BSN*00*S*20261130*1200\nHL*1**S\nHL*1*1*I\nLIN**VP*A\nSN1**1*EA",
        "BSN*00*S*20261130*1200\nHL*1**I\nLIN**VP*A\nSN1**1*EA",
        "BSN*00*S*20261130*1200\nHL*1*9*O\nPRF*1\nHL*2*1*I\nLIN**VP*A\nSN1**1.5*EA",
        "BSN*01*S*20261130*1200\nHL*1**S",
        "BSN*00*S*20261130*1200",
        "BIG*20261201*INV",
    ],
)
def test_a_notice_that_can_not_be_used_is_told_and_refused(body: str) -> None:
    taken = take("a.edi", file_of(("856", body)), US, "USD")
    assert taken.answers == []
    (told,) = taken.unreadable
    assert told.problem
    assert taken.receipts[0]["sets"][0]["problems"]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["855", "865", "856", "810", "997"]),
    st.lists(
        st.tuples(
            st.sampled_from(
                ["BAK", "BCA", "BSN", "BIG", "PO1", "ACK", "HL", "LIN", "SN1", "MAN", "PRF", "IT1", "TDS", "AK1",
                 "AK4", "AK5", "AK9", "SAC", "TXI", "DTM", "TD5", "REF"]
            ),
            st.lists(
                st.sampled_from(["", "00", "AC", "1", "2", "IA", "IR", "I", "P", "O", "S", "VP", "LAMP-1", "1001-1",
                                 "20261130", "NaN", "-1", "9" * 30, "é", "x"]),
                max_size=8,
            ),
        ).map(lambda pair: [pair[0], *pair[1]]),
        max_size=14,
    ),
)  # fmt: skip
def test_any_document_ends_in_answers_or_in_words(kind: str, body: Sequence[list[str]]) -> None:
    content = x12.interchange(THEM, GROUPS[kind], [(kind, body)], control=1, at=AT)
    taken = take("a.edi", content, US, "USD")
    assert all(one.problem for one in taken.unreadable)
    assert len({one.key for one in taken.answers}) == len(taken.answers)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_end_in_words(content: bytes) -> None:
    assert take("a.edi", content, US, "USD").unreadable


@pytest.mark.parametrize("sample", all_samples("x12", "*-8*.txt"))
def test_real_files_of_others_give_what_they_say(sample: Any) -> None:
    content = sample.read_bytes()
    (interchange,) = x12.read(content)
    partner = replace(US, sender=interchange.receiver, receiver=interchange.sender, test=interchange.test)
    taken = take(sample.name, content, partner, "USD")
    kind = interchange.groups[0].sets[0].kind
    if kind not in GROUPS:
        assert "not taken" in taken.unreadable[0].problem
    elif kind == "855":
        (answer,) = taken.answers
        assert isinstance(answer, Acknowledgement) and answer.whole == "accepted"
        assert answer.number == "0132710645"
    elif kind == "810":
        (invoice,) = taken.answers
        assert isinstance(invoice, InvoiceTold)
        assert invoice.total == Money(387530, "USD") and invoice.goods == Money(389880, "USD")
    elif kind == "856":
        (shipment,) = taken.answers
        assert isinstance(shipment, ShipmentTold)
        assert [count for _name, count in shipment.parcels[0].lines] == [16, 23, 16]


@pytest.mark.parametrize(("field", "value"), [("your_id", "X" * 16), ("your_id", "CROSSDOCK"), ("currency", "EURO")])
def test_ids_and_currency_are_checked(exchange: Exchange, field: str, value: str) -> None:
    exchange.channel.check(exchange.settings)
    exchange.set(**{field: value})
    with pytest.raises(Invalid) as caught:
        exchange.channel.check(exchange.settings)
    assert [one.field for one in caught.value.errors] == [field]
