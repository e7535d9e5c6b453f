"""Orders and answers go by files (X12 and CSV over SFTP): from order to parcel, whatever comes twice or wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app import db
from app.adapters import registries
from app.kit import clock, x12
from app.kit.x12 import Partner
from app.purchasing.models import PurchaseOrder, SupplierInvoice, Transmission
from app.purchasing.queries import refused_answers
from app.purchasing.schedule import AT_ONCE, Schedule
from app.purchasing.service import cancel_order
from app.purchasing.service.answering import GivenUp, give_up
from app.purchasing.service.channels import choose_channel, setting_of
from tests.domains.feeds.portal import FileServers, file_servers
from tests.flows.books import Books
from tests.market import Market
from tests.simulators.process import free_port
from tests.simulators.woocommerce.server import serving
from tests.simulators.woocommerce.world import World
from tests.stack import Jobs

__all__ = ["file_servers"]
THEM = Partner(sender_qualifier="01", sender="BRIGHT", receiver_qualifier="ZZ", receiver="CROSSDOCK")
GROUPS = {"855": "PR", "856": "SH", "810": "IN", "997": "FA"}
TRACKING = ("1Z999AA10123456784", "9400111899223197428490")


@dataclass(slots=True)
class House:
    """A supplier whose system takes and leaves files."""

    market: Market
    jobs: Jobs
    servers: FileServers
    root: str
    orders: list[dict[str, Any]] = field(default_factory=list)
    ahead: timedelta = timedelta()
    control: int = 0

    def choose(self, channel: str, *, schedule: Schedule = AT_ONCE, **values: str) -> None:
        """The supplier wants its orders so."""
        found = registries.channels.get(channel)
        given = {one.name: one.default for one in found.form if one.default}
        given |= {
            "host": "127.0.0.1", "port": str(self.servers.sftp_port), "user": self.root, "password": "pass-Zw4!",
            "outbox": f"/{self.root}/in", "inbox": f"/{self.root}/out", "your_id": "BRIGHT", "your_qualifier": "01",
        }  # fmt: skip
        with db.tenant_scope(self.market.supplier.id, actor="test"), db.transaction() as session:
            choose_channel(session, self.market.supplier.id, found, {**given, **values}, schedule=schedule)

    def order(self, units: int = 3) -> str:
        """An order of lamps comes in, and all that follows from it is done. Returns the purchase order's number."""
        placed = self.market.place((self.market.lamp.variants[0], units))
        self.orders.append(placed)
        self.jobs.drain()
        (purchase_order,) = placed["purchase_orders"]
        return str(purchase_order["number"])

    def poll(self) -> None:
        """Minutes pass, and the house looks for answers."""
        self.ahead += timedelta(minutes=6)
        with clock.shifted(self.ahead):
            self.jobs.run_scheduled("schedule_dispatches")

    def sent(self) -> dict[str, bytes]:
        """The files that the supplier finds."""
        names = self.servers.listed(f"{self.root}/in")
        return {name: self.servers.read(f"{self.root}/in/{name}") or b"" for name in names}

    def put(self, name: str, content: bytes | str) -> None:
        """The supplier's system leaves a file."""
        self.servers.put(f"{self.root}/out/{name}", content.encode() if isinstance(content, str) else content)

    def says(self, kind: str, *lines: str) -> bytes:
        """It leaves an interchange with one document. Returns its bytes."""
        self.control += 1
        body = [line.split("*") for line in lines]
        content = x12.interchange(THEM, GROUPS[kind], [(kind, body)], control=self.control, at=clock.now())
        self.put(f"{kind}-{self.control}.edi", content)
        return content

    def row(self, number: str) -> PurchaseOrder:
        """The purchase order."""
        with db.system_scope(actor="test"), db.transaction() as session:
            return session.scalars(select(PurchaseOrder).where(PurchaseOrder.number == number)).one()

    def told(self, number: str) -> Transmission:
        """How the supplier was told of it."""
        with db.system_scope(actor="test"), db.transaction() as session:
            query = select(Transmission).where(Transmission.purchase_order_id == self.row(number).id)
            return session.scalars(query).one()

    def refused(self) -> list[str]:
        """What could not be used, as the supplier sees it, newest first."""
        with db.tenant_scope(self.market.supplier.id, actor="test"), db.transaction() as session:
            return [one.problem or "" for one in refused_answers(session, self.market.supplier.id)]

    def controls(self, kind: str) -> list[int]:
        """The interchange control numbers of what we sent of a kind."""
        return [
            int(one.control)
            for name, content in self.sent().items()
            if name.startswith(kind)
            for one in x12.read(content)
        ]

    def verdicts(self) -> list[str]:
        """What our 997s say of each document, in the order of their numbers."""
        return [
            segment[1]
            for name, content in sorted(self.sent().items())
            if name.startswith("997")
            for found in x12.read(content)[0].groups[0].sets
            for segment in found.segments
            if segment[0] == "AK5"
        ]


@pytest.fixture
def house(market: Market, jobs: Jobs, file_servers: FileServers, set_up: Callable[..., None]) -> House:
    """Its server runs on loopback, which this installation may reach."""
    set_up(outbound_allowed_hosts="127.0.0.1")
    root = uuid4().hex
    file_servers.user(root, password="pass-Zw4!")
    file_servers.folder(f"{root}/in", write=True)
    file_servers.folder(f"{root}/out", write=True)
    return House(market, jobs, file_servers, root)


def shipment(number: str, sku: str, *parcels: tuple[str, int]) -> Sequence[str]:
    """The segments of an 856."""
    lines = ["BSN*00*S-1*20261130*1200*0001", "HL*1**S", "TD5*B*2*UPSN", "HL*2*1*O", f"PRF*{number}"]
    for place, (tracking, units) in enumerate(parcels):
        pack, item = 3 + 2 * place, 4 + 2 * place
        lines += [f"HL*{pack}*2*P", f"MAN*CP*{tracking}", f"HL*{item}*{pack}*I", f"LIN**VP*{sku}", f"SN1**{units}*EA"]
    return lines


def test_an_order_goes_out_as_850_and_comes_back_as_855_856_and_810(house: House) -> None:
    house.choose("x12")
    number, sku = house.order(), house.market.lamp.skus[0]
    assert house.controls("850") == [1]
    assert (house.told(number).state, house.told(number).reference) == ("SENT", next(iter(house.sent())))

    house.says("997", "AK1*PO*1", "AK2*850*0001", "AK5*A", "AK9*A*1*1*1")
    house.poll()
    assert house.told(number).state == "DELIVERED"
    assert house.controls("997") == [], "a receipt is not answered"

    house.says("855", f"BAK*00*AC*{number}*20261130", f"PO1*1*3*EA*10.00**VP*{sku}", "ACK*IA*3*EA")
    house.poll()
    assert house.row(number).status == "CONFIRMED"
    parcels = house.says("856", *shipment(number, sku, (TRACKING[0], 2), (TRACKING[1], 1)))
    house.says("810", f"BIG*20261201*INV-9*20261130*{number}", f"IT1*1*3*EA*10.00**VP*{sku}", "TDS*99900")
    house.poll()
    assert house.row(number).status == "SHIPPED"
    assert house.market.count("shipments") == 2
    with db.system_scope(actor="test"), db.transaction() as session:
        (invoice,) = session.scalars(select(SupplierInvoice)).all()
        assert (invoice.number, invoice.total) == ("INV-9", 99900)
        assert invoice.expected != invoice.total, "the difference is kept and shown"

    assert house.controls("997") == [2, 3], "numbers follow one another"
    assert house.verdicts() == ["A", "A", "A"]
    house.put("again.edi", parcels)
    house.poll()
    assert (house.market.count("shipments"), house.refused()) == (2, [])
    assert house.controls("997") == [2, 3, 4]
    house.poll()
    assert house.controls("997") == [2, 3, 4]
    assert house.market.stock(house.market.lamp.variants[0])["reserved"] == 0


def test_what_is_answered_to_the_rest_of_an_order_counts_from_that_rest(house: House, books: Books) -> None:
    soon = clock.now() + timedelta(hours=3)
    times = (soon.time().replace(second=0, microsecond=0),)
    house.choose("x12", schedule=Schedule(days=tuple(range(7)), times=times))
    number, sku = house.order(5), house.market.lamp.skus[0]
    (row,) = books.queue(house.market.supplier)
    books.ship(house.market.supplier, row, 2)
    house.ahead = timedelta(hours=4)
    house.poll()
    (told,) = (content for name, content in house.sent().items() if name.startswith("850"))
    assert b"PO1*1*3*EA" in told, "two were sent by hand while it waited"
    house.says("855", f"BAK*00*AC*{number}*20261130", f"PO1*1*3*EA***VP*{sku}", "ACK*IA*2*EA", "ACK*IR*1*EA")
    house.poll()
    (line,) = books.rows("select l.* from purchase_order_lines l where purchase_order_id = %s", row["id"])
    assert (house.refused(), line["shipped"], line["rejected"], line["answer"]) == ([], 2, 1, "accepted")
    house.says("856", *shipment(number, sku, (TRACKING[0], 2)))
    house.poll()
    assert (house.refused(), house.row(number).status) == ([], "SHIPPED")


@pytest.mark.parametrize(
    ("kind", "lines", "words"),
    [
        ("856", lambda number, sku: shipment(number, sku, (TRACKING[0], 4)), "More is to be shipped than is open"),
        ("856", lambda number, _sku: shipment(number, "LAMP-X", (TRACKING[0], 1)), "no SKU LAMP-X"),
        ("856", lambda _number, sku: shipment("77777-1", sku, (TRACKING[0], 1)), "No such purchase order 77777-1"),
        ("856", lambda number, sku: shipment(number, sku, ("", 1)), "tracking number"),
        (
            "855",
            lambda number, sku: [f"BAK*00*AC*{number}*20261130", f"PO1*1*3*EA***VP*{sku}", "ACK*IB*3*EA"],
            "when the goods will be there",
        ),
        ("855", lambda _number, _sku: ["BAK*00*AC**20261130"], "names no purchase order"),
    ],
)
def test_what_does_not_fit_the_order_changes_nothing_and_is_shown(
    house: House, kind: str, lines: Callable[[str, str], Sequence[str]], words: str
) -> None:
    house.choose("x12")
    number = house.order()
    before = house.row(number).status
    house.says(kind, *lines(number, house.market.lamp.skus[0]))
    house.poll()
    (problem,) = house.refused()
    assert words in problem
    assert (house.row(number).status, house.market.count("shipments")) == (before, 0)
    assert house.verdicts() == ["R" if "names no" in words else "A"], "a 997 is about the form"


def test_another_price_is_asked_for_as_by_hand(house: House) -> None:
    house.choose("x12")
    number, sku = house.order(), house.market.lamp.skus[0]
    house.says("855", f"BAK*00*AC*{number}*20261130", f"PO1*1*3*EA*12.00**VP*{sku}", "ACK*IP*3*EA")
    house.poll()
    assert house.refused() == []
    with db.system_scope(actor="test"), db.transaction() as session:
        told = session.connection().exec_driver_sql(
            "select count(*) from timeline_entries where message = 'po.price_asked'"
        )
        assert told.scalar_one() == 1


def test_a_part_is_rejected_and_the_rest_comes_later(house: House) -> None:
    house.choose("x12")
    number, sku = house.order(), house.market.lamp.skus[0]
    day = f"{clock.now() + timedelta(days=12):%Y%m%d}"
    acks = ["ACK*IR*1*EA", f"ACK*IB*2*EA*068*{day}"]
    house.says("855", f"BAK*00*AC*{number}*20261130", f"PO1*1*3*EA*10.00**VP*{sku}", *acks)
    house.poll()
    assert house.refused() == []
    assert house.row(number).status == "BACKORDERED"
    with db.system_scope(actor="test"), db.transaction() as session:
        lines = session.connection().exec_driver_sql("select quantity, rejected, answer from purchase_order_lines")
        assert [tuple(line) for line in lines] == [(3, 1, "backordered")]


@pytest.mark.parametrize("channel", ["x12", "sftp_csv"])
def test_some_units_come_now_and_some_later(house: House, channel: str) -> None:
    house.choose(channel)
    number, sku = house.order(5), house.market.lamp.skus[0]
    day = clock.now().date() + timedelta(days=12)
    if channel == "x12":
        acks = ["ACK*IA*2*EA", f"ACK*IB*2*EA*068*{day:%Y%m%d}", "ACK*IR*1*EA"]
        house.says("855", f"BAK*00*AC*{number}*20261130", f"PO1*1*5*EA*10.00**VP*{sku}", *acks)
    else:
        said = ("2,accepted,", f"2,backordered,{day}", "1,out of stock,")
        house.put("answers.csv", "po,sku,qty,status,eta\n" + "".join(f"{number},{sku},{one}\n" for one in said))
    house.poll()
    assert house.refused() == []
    assert house.row(number).status == "BACKORDERED"
    (line,) = house.market.supplier.api.get(f"/api/supplier/orders/{house.row(number).id}").json["lines"]
    assert (line["quantity"], line["cancelled"], line["backordered"]) == (5, 1, 2)
    assert line["available_on"] == day.isoformat()


@pytest.mark.parametrize("channel", ["x12", "sftp_csv"])
def test_goods_of_a_day_that_is_over_are_no_answer(house: House, channel: str) -> None:
    house.choose(channel)
    number, sku = house.order(), house.market.lamp.skus[0]
    day = clock.now().date() - timedelta(days=3)
    if channel == "x12":
        acks = ["ACK*IA*1*EA", f"ACK*IB*2*EA*068*{day:%Y%m%d}"]
        house.says("855", f"BAK*00*AC*{number}*20261130", f"PO1*1*3*EA*10.00**VP*{sku}", *acks)
    else:
        house.put("answers.csv", f"po,sku,qty,status,eta\n{number},{sku},3,backordered,{day}\n")
    house.poll()
    assert f"{day} is over: say on which day, today or later, {sku} is there." in house.refused()[0]
    assert house.row(number).status == "PENDING"


def test_a_rejection_counts_from_what_the_supplier_was_told(house: House) -> None:
    house.choose("x12", port=str(free_port()))
    number, sku = house.order(), house.market.lamp.skus[0]
    supplier_id = house.market.supplier.id
    with db.tenant_scope(supplier_id, actor="test"), db.transaction() as session:
        line_id = session.connection().exec_driver_sql("select id from purchase_order_lines").scalar_one()
        one = GivenUp(line_id=line_id, quantity=1, reason="other")
        give_up(session, supplier_id, house.row(number).id, {line_id: one})
    house.choose("x12")
    house.ahead += timedelta(hours=2)
    house.poll()
    (content,) = [content for name, content in house.sent().items() if name.startswith("850")]
    assert f"PO1*1*2*EA*10.00*WE*VP*{sku}".encode() in content
    acks = ["ACK*IR*1*EA", "ACK*IA*1*EA"]
    house.says("855", f"BAK*00*AC*{number}*20261130", f"PO1*1*2*EA*10.00**VP*{sku}", *acks)
    house.poll()
    assert house.refused() == []
    with db.system_scope(actor="test"), db.transaction() as session:
        lines = session.connection().exec_driver_sql("select quantity, rejected, answer from purchase_order_lines")
        assert [tuple(line) for line in lines] == [(3, 2, "accepted")]


def test_an_answer_that_can_not_be_kept_keeps_no_other_waiting(house: House) -> None:
    house.choose("x12")
    number, sku = house.order(), house.market.lamp.skus[0]
    invoice = ["BIG*20261130*INV-1**" + number, f"IT1*1*3*EA*10.00**VP*{sku}", "TDS*3000", "TXI*TX*1E+999999"]
    house.says("810", *invoice)
    house.says("855", f"BAK*00*AC*{number}*20261130", f"PO1*1*3*EA*1E+25**VP*{sku}", "ACK*IP*3*EA")
    content = house.says("856", *shipment(number, sku, (TRACKING[0], 3)))
    house.put("856-3.edi", content.replace(TRACKING[0].encode(), TRACKING[0].encode() + b"\0\0"))
    house.poll()
    assert house.row(number).status == "SHIPPED"
    assert house.market.count("shipments") == 1
    assert house.refused() == []


def test_a_997_that_refuses_our_form_is_shown(house: House) -> None:
    house.choose("x12")
    number = house.order()
    house.says("997", "AK1*PO*1", "AK2*850*0001", "AK3*N4*9**8", "AK4*2*156*1", "AK5*R*5", "AK9*R*1*1*0")
    house.poll()
    assert house.told(number).state == "REJECTED"


def test_a_997_that_could_not_be_sent_is_sent_later_with_its_number(house: House) -> None:
    house.choose("x12")
    number, sku = house.order(), house.market.lamp.skus[0]
    house.says("855", f"BAK*00*AD*{number}*20261130", f"PO1*1*3*EA*10.00**VP*{sku}")
    house.servers.folder(f"{house.root}/in", write=False)
    house.poll()
    assert house.row(number).status == "CONFIRMED", "what was read counts"
    assert house.controls("997") == []
    with db.system_scope(actor="test"), db.transaction() as session:
        row = setting_of(session, house.market.supplier.id)
        assert row is not None and row.problem == "rejected"
    house.servers.folder(f"{house.root}/in", write=True)
    house.ahead += timedelta(hours=1)
    house.poll()
    house.order()
    assert (house.controls("997"), house.controls("850")) == ([2], [1, 3]), "no number is left out"


def test_a_server_that_is_away_was_given_nothing_so_nobody_is_asked(house: House) -> None:
    house.choose("x12", port=str(free_port()))
    number = house.order()
    assert house.told(number).state == "QUEUED"
    house.choose("x12")
    house.ahead += timedelta(hours=2)
    house.poll()
    assert house.told(number).state == "SENT"
    assert house.controls("850") == [1], "the same message"


def test_what_is_cancelled_is_an_860(house: House) -> None:
    house.choose("x12")
    number = house.order()
    with db.system_scope(actor="test"), db.transaction() as session:
        cancel_order(session, UUID(house.orders[0]["id"]))
    house.jobs.drain()
    assert house.controls("860") == [2]
    (content,) = [content for name, content in house.sent().items() if name.startswith("860")]
    (found,) = x12.read(content)[0].groups[0].sets
    assert [one[1:4] for one in found.segments if one[0] == "BCH"] == [["01", "DS", number]]
    assert [one[1:5] for one in found.segments if one[0] == "POC"] == [["1", "DI", "3", "0"]]


def test_csv_goes_out_by_template_and_comes_back_in_the_suppliers_words(house: House) -> None:
    house.choose(
        "sftp_csv", columns="Bestellung = number\nArtikel = sku\nMenge = quantity\nOrt = city", separator="semicolon"
    )
    number, sku = house.order(), house.market.lamp.skus[0]
    assert [content.decode() for content in house.sent().values()] == [
        f"Bestellung;Artikel;Menge;Ort\r\n{number};{sku};3;London\r\n"
    ]
    house.put("antwort.csv", f"Bestellnummer;Artikel;Status\n{number};{sku};bestätigt\n{number};LAMP-X;bestätigt\n")
    house.poll()
    assert "no SKU LAMP-X" in house.refused()[0]
    assert house.row(number).status == "PENDING", "an answer counts as a whole or not at all"
    house.put("antwort2.csv", f"Bestellnummer;Artikel;Status\n{number};{sku};bestätigt\n;{sku};bestätigt\n")
    house.poll()
    assert house.refused()[0] == "Row 3: It names no order."
    assert house.row(number).status == "CONFIRMED"

    shipped = f"Bestellnummer,Artikel,Menge,Versanddienst,Sendungsnummer\n{number},{sku},3,UPS,{TRACKING[0]}\n"
    house.put("versand.csv", shipped)
    house.poll()
    house.put("versand-nochmal.csv", shipped)
    house.poll()
    assert (house.row(number).status, house.market.count("shipments")) == ("SHIPPED", 1)
    assert len(house.refused()) == 2


def test_a_shop_whose_answer_can_not_be_kept_is_told(house: House) -> None:
    world = World(with_fulfillments=True)
    world.add_product(house.market.lamp.skus[0], 10)
    with serving(world) as server:
        house.choose("woocommerce_shop", url=server.url, consumer_key=world.key, consumer_secret=world.secret)
        number = house.order()
        (order,) = world.orders.values()
        world.fulfil(order["id"], {order["line_items"][0]["id"]: 3}, "A\0B")
        house.poll()
        house.poll()
    assert house.row(number).status == "CONFIRMED", "the other answers count"
    assert house.refused() == ["The answer holds letters or numbers that can't be kept."]


def test_a_suppliers_own_shop_gets_the_order_and_its_parcel_comes_back(house: House) -> None:
    world = World(with_fulfillments=True)
    sku = house.market.lamp.skus[0]
    world.add_product(sku, 10)
    with serving(world) as server:
        house.choose("woocommerce_shop", url=server.url, consumer_key=world.key, consumer_secret=world.secret)
        world.faults.append("drop_after")
        number = house.order()
        assert house.told(number).state == "OUTCOME_UNKNOWN"
        house.poll()
        assert house.told(number).state == "DELIVERED"
        (order,) = world.orders.values()
        house.poll()
        assert house.row(number).status == "CONFIRMED"
        world.fulfil(order["id"], {order["line_items"][0]["id"]: 3}, TRACKING[0])
        house.poll()
        house.poll()
    assert (house.row(number).status, house.market.count("shipments")) == ("SHIPPED", 1)
    assert house.refused() == []


@pytest.mark.parametrize("channel", ["x12", "sftp_csv"])
def test_suppliers_that_share_a_folder_take_none_of_one_anothers_files(house: House, channel: str) -> None:
    market = house.market
    files: dict[str, str] = {"afterwards": "archive", "archive": f"/{house.root}/done"}
    house.servers.folder(f"{house.root}/done", write=True)
    house.choose(channel, **files)
    lamps, lamp = house.order(), market.lamp.skus[0]
    found = registries.channels.get(channel)
    given = {one.name: one.default for one in found.form if one.default}
    with db.tenant_scope(market.supplier.id, actor="test"), db.transaction() as session:
        row = setting_of(session, market.supplier.id)
        assert row is not None
        given |= row.values
    with db.tenant_scope(market.other_supplier.id, actor="test"), db.transaction() as session:
        ids = {"your_id": "SEATS"} if channel == "x12" else {}
        choose_channel(session, market.other_supplier.id, found, {**given, **ids, "password": "pass-Zw4!"})
    placed = market.place((market.chair.variants[0], 2))
    house.jobs.drain()
    chairs, chair = str(placed["purchase_orders"][0]["number"]), market.chair.skus[0]
    for order in (house.orders[-1], placed):
        with db.system_scope(actor="test"), db.transaction() as session:
            cancel_order(session, UUID(order["id"]))
    house.jobs.drain()
    kinds = sorted(name.split("-")[0] for name in house.sent())
    assert kinds == (["850", "850", "860", "860"] if channel == "x12" else ["cancel", "cancel", "orders", "orders"])
    told = b"".join(house.sent().values()).decode()
    assert told.count(lamps) == told.count(chairs) == 2

    if channel == "x12":
        content = x12.interchange(
            Partner(sender_qualifier="01", sender="SEATS", receiver_qualifier="ZZ", receiver="CROSSDOCK"),
            "CA", [("865", [["BCA", "00", "AT", chairs]])], control=1, at=clock.now(),
        )  # fmt: skip
        house.put("chairs.edi", content)
        house.control += 1
        content = x12.interchange(THEM, "CA", [("865", [["BCA", "00", "AT", lamps]])], control=1, at=clock.now())
        house.put("lamps.edi", content)
    else:
        house.put("chairs.csv", f"po,sku,status\n{chairs},{chair},cancelled\n")
        house.put("lamps.csv", f"po,sku,status\n{lamps},{lamp},cancelled\n")
    house.poll()
    house.poll()
    assert house.servers.listed(f"{house.root}/out") == [], "each was taken by whom it is about"
    assert len(house.servers.listed(f"{house.root}/done")) == 2
    with db.system_scope(actor="test"), db.transaction() as session:
        answers = session.connection().exec_driver_sql(
            "select supplier_id from channel_answers where problem is null and kind <> 'unreadable'"
        )
        assert {one for (one,) in answers} == {market.supplier.id, market.other_supplier.id}


def test_a_file_of_others_stays_that_the_release_before_took_note_of(house: House) -> None:
    house.servers.folder(f"{house.root}/done", write=True)
    house.choose("sftp_csv", afterwards="archive", archive=f"/{house.root}/done")
    row = f"po,sku,status\n77777-1,{house.market.lamp.skus[0]},cancelled\n"
    for _ in range(2):
        house.put("others.csv", row)
        house.poll()
        house.poll()
        assert house.servers.listed(f"{house.root}/out") == ["others.csv"]
        # It tells by the words alone.
        with db.system_scope(actor="test"), db.transaction() as session:
            session.connection().exec_driver_sql("update channel_answers set of_others = false")
