"""A worker is killed while it takes over what a supplier answered, or while it asks a supplier's system for a change:
nothing is lost, nothing is applied twice, no number of ours is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg2
import pytest

from app import db
from app.adapters import registries
from app.fulfillment.service import announced_units
from app.kit import clock, x12
from app.kit.x12 import Partner
from app.outbox.service import emit
from app.purchasing.events import ChannelPollDue
from app.purchasing.models import PurchaseOrder
from app.purchasing.service import LineAnswer, acknowledge, ask_to_cancel, place_order, release_purchase_orders
from app.purchasing.service.channels import choose_channel
from app.purchasing.service.dispatching import begin_dispatch, record_sent
from app.purchasing.service.transmitting import plan_transmission, put_together
from app.webhooks.signing import new_secret
from tests import factories
from tests.adapters.settings import set_up
from tests.domains.feeds.portal import FileServers, file_servers
from tests.processes import Processes, wait_for
from tests.simulators.supplier_api.server import serving
from tests.simulators.supplier_api.world import Order, World

__all__ = ["file_servers", "set_up"]

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]
ALLOWED = {"CROSSDOCK_OUTBOUND_ALLOWED_HOSTS": "127.0.0.1"}
THEM = Partner(sender_qualifier="01", sender="BRIGHT", receiver_qualifier="ZZ", receiver="CROSSDOCK")


class Desk:
    """An order that a supplier's system has, and real processes."""

    def __init__(self, database_url: str, processes: Processes) -> None:
        self._database_url = database_url
        self.processes = processes
        self.supplier_id, self.order_id, self.purchase_order_id = uuid4(), uuid4(), uuid4()
        self.number, self.sku, self.line_id = "", "", uuid4()

    def set_up(self, channel: str, values: dict[str, str], made: dict[str, str] | None = None) -> None:
        """The supplier chooses a channel, and has an order of three by it."""
        with db.system_scope(actor="test"), db.transaction() as session:
            retailer, supplier = factories.retailer(session), factories.supplier(session)
            self.supplier_id = supplier.id
            found = registries.channels.get(channel)
            given = {one.name: one.default for one in found.form if one.default}
            choose_channel(session, supplier.id, found, {**given, **values}, made=made or {})
            [lamp] = factories.product(session, supplier)
            self.order_id = place_order(session, factories.order_of(retailer, {lamp: 3})).order_id
            release_purchase_orders(session, self.order_id)
            (order,) = session.query(PurchaseOrder).filter(PurchaseOrder.order_id == self.order_id)
            self.purchase_order_id, self.number = order.id, order.number
            row = plan_transmission(session, supplier.id, order.id)
            assert row is not None
            session.flush()
            dispatch_id = put_together(session, [row])
            begin_dispatch(session, dispatch_id, row.id, announced_units)
            record_sent(session, dispatch_id, confirmed=True)
        ((self.line_id, self.sku),) = self.rows("select id::uuid, sku from purchase_order_lines")  # type: ignore[assignment]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows, read without any scope of ours."""
        connection = psycopg2.connect(self._database_url)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def let_lease_run_out(self) -> None:
        """As if the time had passed for which the killed worker had claimed its task."""
        self.rows("update tasks set lease_until = now() - interval '1 second' where state = 2")

    def poll(self) -> None:
        """It is time to ask the supplier's channel."""
        with db.system_scope(actor="test"), db.transaction() as session:
            emit(session, ChannelPollDue(supplier_id=self.supplier_id))


@pytest.fixture
def desk(
    committed: None, engine: None, database_url: str, redis_url: str, tmp_path: Path, set_up: Callable[..., None]
) -> Iterator[Desk]:
    set_up(outbound_allowed_hosts="127.0.0.1")
    processes = Processes({"DATABASE_URL": database_url, "REDIS_URL": redis_url}, tmp_path)
    yield Desk(database_url, processes)
    processes.stop()


@pytest.mark.parametrize(
    "point", ["channel.answer_applied", "channel.applied", "channel.written", "channel.put_away", "job.before_commit"]
)
def test_answers_count_once_though_the_worker_that_took_them_over_died(
    desk: Desk, file_servers: FileServers, point: str
) -> None:
    root = uuid4().hex
    file_servers.user(root, password="pass-Zw4!")
    for folder in ("in", "out", "done"):
        file_servers.folder(f"{root}/{folder}", write=True)
    values = {
        "host": "127.0.0.1", "port": str(file_servers.sftp_port), "user": root, "password": "pass-Zw4!",
        "outbox": f"/{root}/in", "inbox": f"/{root}/out", "afterwards": "archive", "archive": f"/{root}/done",
        "your_id": "BRIGHT", "your_qualifier": "01",
    }  # fmt: skip
    desk.set_up("x12", values)
    documents = {
        "855": [f"BAK*00*AC*{desk.number}*20261130", f"PO1*1*3*EA***VP*{desk.sku}", "ACK*IR*1*EA", "ACK*IA*2*EA"],
        "856": [
            "BSN*00*S-1*20261130*1200*0001", "HL*1**S", "TD5*B*2*UPSN", "HL*2*1*O", f"PRF*{desk.number}", "HL*3*2*P",
            "MAN*CP*1Z999AA10123456784", "HL*4*3*I", f"LIN**VP*{desk.sku}", "SN1**2*EA",
        ],
        "810": [f"BIG*20261201*INV-9*20261130*{desk.number}", f"IT1*1*2*EA*10.00**VP*{desk.sku}", "TDS*2000"],
    }  # fmt: skip
    for control, (kind, lines) in enumerate(documents.items(), 1):
        group = {"855": "PR", "856": "SH", "810": "IN"}[kind]
        body = [line.split("*") for line in lines]
        content = x12.interchange(THEM, group, [(kind, body)], control=control, at=clock.now())
        file_servers.put(f"{root}/out/{control}-{kind}.edi", content)

    processes = desk.processes
    processes.start("relay")
    processes.start("worker-bulk", crash_at=point, **ALLOWED)
    desk.poll()
    processes.wait_until_dead("worker-bulk")
    desk.let_lease_run_out()
    processes.start("worker-bulk", **ALLOWED)
    done = "select count(*) from tasks where job = 'poll_channel' and state = 3"
    wait_for(lambda: desk.rows(done) == [(1,)], "the poll comes to its end")
    desk.poll()
    wait_for(lambda: desk.rows(done) == [(2,)], "it is asked again")

    assert desk.rows("select quantity, shipped, rejected from purchase_order_lines") == [(3, 2, 1)]
    assert desk.rows("select count(*) from shipments") == [(1,)]
    assert desk.rows("select number from supplier_invoices") == [("INV-9",)]
    assert desk.rows("select count(*) from channel_answers where problem is not null") == [(0,)]
    receipts = [name for name in file_servers.listed(f"{root}/in") if name.startswith("997")]
    told = [file_servers.read(f"{root}/in/{name}") or b"" for name in receipts]
    assert [int(one.control) for content in told for one in x12.read(content)] == [2], "one receipt, the next number"
    (receipt,) = x12.read(told[0])
    assert len(receipt.groups[0].sets) == 3, "for all that was received"
    assert file_servers.listed(f"{root}/out") == []
    assert len(file_servers.listed(f"{root}/done")) == 3
    assert desk.rows("select count(*) from tasks where state = 4") == [(0,)]


@pytest.mark.parametrize(("point", "arrived"), [("change.begun", 0), ("change.answered", 1)])
def test_a_change_is_asked_for_once_though_the_worker_that_asked_died(desk: Desk, point: str, arrived: int) -> None:
    world = World(new_secret())
    with serving(world) as server:
        desk.set_up("api", {"url": server.url}, {"signing_secret": world.secret})
        world.orders[desk.number] = Order(desk.number, "SO-1", "m-1", {})
        world.answers_changes = {"accepted": True}
        with db.system_scope(actor="test"), db.transaction() as session:
            line_id = UUID(str(desk.line_id))
            acknowledge(
                session, desk.supplier_id, desk.purchase_order_id, [LineAnswer(line_id=line_id, answer="accepted")]
            )
            order = session.get_one(PurchaseOrder, desk.purchase_order_id)
            ((wanted,),) = session.connection().exec_driver_sql("select id from order_lines")
            ask_to_cancel(session, order.retailer_id, desk.order_id, {wanted: 2})
        processes = desk.processes
        processes.start("relay")
        processes.start("worker-webhooks", crash_at=point, **ALLOWED)
        processes.wait_until_dead("worker-webhooks")
        assert len(world.changes) == arrived
        assert desk.rows("select state, tries from change_messages") == [("SENDING", 1)]
        desk.let_lease_run_out()
        processes.start("worker-webhooks", **ALLOWED)
        taken = [("DELIVERED", 2)]
        wait_for(lambda: desk.rows("select state, tries from change_messages") == taken, "it is answered")

        (change,) = world.changes.values()
        assert (len(change.asked), change.again) == (1, arrived)
        assert desk.rows("select state from change_requests") == [("ACCEPTED",)]
        assert desk.rows("select cancelled, rejected from purchase_order_lines") == [(2, 0)]
        assert not world.refused
