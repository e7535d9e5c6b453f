"""Purchase orders reach suppliers' own systems: signed, once, and not twice when nobody knows whether they came."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app import db
from app.adapters import registries
from app.identity.models import Organisation
from app.kit import clock
from app.notifications.queries import open_notices
from app.notifications.service import latest_emails
from app.purchasing.models import PurchaseOrder, Transmission
from app.purchasing.schedule import AT_ONCE, Schedule
from app.purchasing.service import cancel_order, cancel_order_line
from app.purchasing.service.channels import choose_channel, setting_of
from app.purchasing.service.doubting import decide_doubt
from app.purchasing.service.transmitting import send_again, send_now, words_of
from app.webhooks.signing import new_secret
from tests import factories
from tests.flows.books import Books
from tests.flows.deciding import Desk
from tests.flows.test_addresses import ELSEWHERE
from tests.market import Market
from tests.simulators.supplier_api.server import Server, serving
from tests.simulators.supplier_api.world import World
from tests.stack import Jobs
from workers.order_files import attachments_of

LATER = timedelta(minutes=2)


@dataclass(slots=True)
class House:
    """A supplier with a system of its own."""

    market: Market
    jobs: Jobs
    world: World
    server: Server
    orders: list[dict[str, Any]] = field(default_factory=list)

    def choose(self, *, tells: bool = True, schedule: Schedule = AT_ONCE, channel: str = "api", url: str = "") -> None:
        """The supplier wants its orders by its system."""
        self.world.secret = self.world.secret or new_secret()
        with db.tenant_scope(self.market.supplier.id, actor="test"), db.transaction() as session:
            choose_channel(
                session,
                self.market.supplier.id,
                registries.channels.get(channel),
                {"url": url or self.server.url, "tells": "yes" if tells else ""},
                schedule=schedule,
                made={"signing_secret": self.world.secret},
            )

    def order(self, units: int = 2) -> str:
        """An order of lamps comes in, and all that follows from it is done. Returns the purchase order's number."""
        placed = self.market.place((self.market.lamp.variants[0], units))
        self.orders.append(placed)
        self.jobs.drain()
        (purchase_order,) = placed["purchase_orders"]
        return str(purchase_order["number"])

    def told(self, number: str) -> Transmission:
        """How the supplier was told of it."""
        with db.system_scope(actor="test"), db.transaction() as session:
            return session.scalars(
                select(Transmission)
                .join(PurchaseOrder, PurchaseOrder.id == Transmission.purchase_order_id)
                .where(PurchaseOrder.number == number)
            ).one()

    def state(self, number: str) -> str:
        """What is known of it."""
        return self.told(number).state

    def wait(self, ahead: timedelta = LATER) -> None:
        """Time passes, and what falls due is done."""
        with clock.shifted(ahead):
            self.jobs.run_scheduled("schedule_dispatches")

    def story(self, number: str) -> list[str]:
        """What the order's story says of it."""
        with db.system_scope(actor="test"), db.transaction() as session:
            rows = session.connection().exec_driver_sql(
                "select message from timeline_entries where purchase_order_id = %s order by id",
                (str(self.told(number).purchase_order_id),),
            )
            return [message for (message,) in rows]

    def asked_people(self) -> set[UUID]:
        """Which organisations are asked whether something arrived."""
        found = set()
        with db.system_scope(actor="test"), db.transaction() as session:
            for party in (self.market.supplier.id, self.market.admin.id, self.market.retailer.id):
                if any(notice.kind == "transmission_in_doubt" for notice in open_notices(session, party)):
                    found.add(party)
        return found


@pytest.fixture
def house(market: Market, jobs: Jobs, set_up: Callable[..., None]) -> Iterator[House]:
    """Its system runs on loopback, which this installation may reach."""
    set_up(outbound_allowed_hosts="127.0.0.1")
    # Tests let days pass for us, which the system's own clock knows nothing of.
    world = World(tolerance=30 * 24 * 3600)
    with serving(world) as server:
        yield House(market, jobs, world, server)


def test_an_order_reaches_the_suppliers_system_signed_and_once(house: House) -> None:
    house.choose()
    number = house.order()
    assert number.endswith("-1")
    order = house.world.orders[number]
    assert order.seen == 1
    assert order.body["lines"][0]["quantity"] == 2
    assert order.body["shipping_address"]["postal_code"] == "SW1Y 4JH"
    told = house.told(number)
    assert (told.state, told.reference, told.sequence) == ("DELIVERED", order.reference, 1)
    assert "po.transmitted" in house.story(number)
    house.wait()
    assert order.seen == 1
    # A supplier that is told by machine gets no letters.
    with db.system_scope(actor="test"), db.transaction() as session:
        assert not [one for one in latest_emails(session) if one.kind == "purchase_order"]
    assert house.market.count("audit_events where action = 'orders.address_read'") == 1


def test_its_system_is_told_who_stands_on_the_parcel_and_what_of_the_money_is_its_fee(house: House) -> None:
    house.choose()
    sender = {
        "address": {
            "name": "Northwind Returns", "address1": "77 Retail Street", "city": "Portland", "province": "ME",
            "postal_code": "04101", "country_code": "US",
        },
        "as_sender": False,
        "as_return_address": True,
    }  # fmt: skip
    api = house.market.retailer.api
    assert api.put(f"/api/stores/{house.market.store_id}/sender", sender).status_code == 200
    fee = {"order_fee": {"amount": "1.50", "currency": "USD"}}
    assert house.market.supplier.api.put("/api/supplier/order-fee", fee).status_code == 200
    body = house.market.order_body((house.market.lamp.variants[0], 1)) | {"store_id": str(house.market.store_id)}
    (of_store,) = api.post("/api/orders", body).json["purchase_orders"]
    of_none = house.order()
    told = house.world.orders[of_store["number"]].body
    given = {name: told["sender"]["address"][name] for name in sender["address"]}
    assert {**told["sender"], "address": given} == sender
    assert (told["shipping_cost"]["amount"], told["order_fee"]["amount"]) == ("6.50", "1.50")
    assert house.world.orders[of_none].body["sender"] is None


def test_a_supplier_that_chose_nothing_is_written_to(house: House) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.member(session, session.get_one(Organisation, house.market.supplier.id), "supplier_owner")
    number = house.order()
    assert (house.told(number).channel, house.state(number)) == ("email", "SENT")
    with db.system_scope(actor="test"), db.transaction() as session:
        (letter,) = [one for one in latest_emails(session) if one.kind == "purchase_order"]
    assert number in letter.subject
    assert "Ada" not in letter.text + letter.html and "SW1Y" not in letter.text + letter.html


@pytest.mark.parametrize("fault", ["drop_after", "error_after"])
def test_what_arrived_without_an_answer_is_found_and_not_sent_again(house: House, fault: str) -> None:
    house.choose()
    house.world.fail_next(fault)
    number = house.order()
    assert house.state(number) == "OUTCOME_UNKNOWN"
    assert house.world.orders[number].seen == 1
    house.wait()
    assert house.world.asked == [number]
    told = house.told(number)
    assert (told.state, told.reference) == ("DELIVERED", house.world.orders[number].reference)
    assert house.world.orders[number].seen == 1
    assert {"po.outcome_unknown", "po.found"} <= set(house.story(number))
    assert house.asked_people() == set()


@pytest.mark.parametrize("fault", ["drop_before", "error_before"])
def test_what_did_not_arrive_is_sent_again_as_the_same_message(house: House, fault: str) -> None:
    house.choose()
    house.world.fail_next(fault)
    number = house.order()
    assert house.state(number) == "OUTCOME_UNKNOWN"
    assert number not in house.world.orders
    key = house.told(number).dispatch_id
    house.wait()
    assert house.state(number) == "DELIVERED"
    assert house.world.orders[number].message_id == str(key)
    assert house.told(number).tries == 2
    assert not house.world.refused


def test_not_there_right_after_the_call_is_not_believed(house: House) -> None:
    house.choose()
    house.world.fail_next("drop_before")
    number = house.order()
    house.wait(timedelta(seconds=25))
    assert house.world.asked == [number]
    assert house.state(number) == "OUTCOME_UNKNOWN"


def test_a_system_that_can_not_be_asked_either_is_asked_again_later(house: House) -> None:
    house.choose()
    house.world.fail_next("drop_after", "drop_before")
    number = house.order()
    house.wait()
    assert house.state(number) == "OUTCOME_UNKNOWN"
    house.wait(timedelta(minutes=5))
    assert house.state(number) == "DELIVERED"
    assert house.world.orders[number].seen == 1


@pytest.mark.parametrize("there", [True, False])
def test_people_are_asked_where_nothing_else_can_tell(house: House, there: bool) -> None:
    house.choose(tells=False)
    house.world.fail_next("drop_after" if there else "drop_before")
    number = house.order()
    house.wait()
    told = house.told(number)
    assert told.state == "OUTCOME_UNKNOWN" and told.person_asked_at is not None
    assert house.asked_people() == {house.market.supplier.id, house.market.admin.id}
    house.wait(timedelta(days=2))
    assert house.state(number) == "OUTCOME_UNKNOWN"
    with db.tenant_scope(house.market.supplier.id, actor="user:jo"), db.transaction() as session:
        decide_doubt(session, house.market.supplier.id, told.purchase_order_id, told.id, there=there)
    house.jobs.drain()
    assert house.state(number) == "DELIVERED"
    assert house.world.orders[number].seen == 1
    assert house.asked_people() == set()
    assert not house.world.refused


def test_an_answer_of_the_supplier_ends_the_doubt(house: House) -> None:
    house.choose(tells=False)
    house.world.fail_next("drop_after")
    number = house.order()
    house.wait()
    api = house.market.supplier.api
    order = api.get("/api/supplier/orders").json["items"][0]
    lines = [{"line_id": line["id"], "status": "accepted"} for line in order["lines"]]
    assert api.post(f"/api/supplier/orders/{order['id']}/acknowledge", {"lines": lines}).status_code == 200
    house.jobs.drain()
    assert house.state(number) == "DELIVERED"
    assert house.asked_people() == set()


def test_a_busy_system_is_left_alone_as_long_as_it_asks(house: House) -> None:
    house.choose()
    house.world.fail_next("busy")
    number = house.order()
    assert house.state(number) == "QUEUED"
    house.wait(timedelta(seconds=20))
    assert number not in house.world.orders
    house.wait(timedelta(seconds=40))
    assert house.state(number) == "DELIVERED"


def test_a_refused_order_is_shown_and_sent_again_by_a_click(house: House) -> None:
    house.choose()
    house.world.fail_next("refuse")
    number = house.order()
    told = house.told(number)
    assert told.state == "REJECTED"
    assert words_of(told) == "We do not carry LAMP."
    with db.system_scope(actor="test"), db.transaction() as session:
        (notice,) = [one for one in open_notices(session, house.market.supplier.id) if one.kind == "channel_failing"]
    assert "We do not carry LAMP." in notice.body
    house.wait(timedelta(days=1))
    assert house.state(number) == "REJECTED"
    with db.tenant_scope(house.market.supplier.id, actor="user:jo"), db.transaction() as session:
        send_again(session, house.market.supplier.id, told.purchase_order_id, told.id)
    house.jobs.drain()
    assert house.state(number) == "DELIVERED"
    with db.system_scope(actor="test"), db.transaction() as session:
        assert not [one for one in open_notices(session, house.market.supplier.id) if one.kind == "channel_failing"]


def test_what_was_refused_and_cancelled_since_is_nobodys_to_mend(house: House, books: Books) -> None:
    house.choose()
    house.world.fail_next("refuse")
    number = house.order()
    told = [house.market.supplier, house.market.admin]
    assert all("transmission_refused" in books.notices(one) for one in told)
    with db.system_scope(actor="test"), db.transaction() as session:
        cancel_order(session, UUID(house.orders[0]["id"]))
    house.jobs.drain()
    house.wait()
    assert house.state(number) == "WITHDRAWN"
    assert not any("transmission_refused" in books.notices(one) for one in told)


def test_refused_access_is_told_at_once_and_goes_on_with_the_right_one(house: House) -> None:
    house.choose()
    house.world.authorization = "Bearer right"
    number = house.order()
    assert house.state(number) == "QUEUED"
    with db.system_scope(actor="test"), db.transaction() as session:
        row = setting_of(session, house.market.supplier.id)
        assert row is not None and row.problem == "access_refused"
    house.world.authorization = ""
    house.wait(timedelta(hours=2))
    assert house.state(number) == "DELIVERED"


def test_orders_are_gathered_for_the_suppliers_times(house: House) -> None:
    with db.system_scope(actor="test"), db.transaction() as session:
        factories.member(session, session.get_one(Organisation, house.market.supplier.id), "supplier_owner")
    soon = clock.now() + timedelta(hours=3)
    schedule = Schedule(days=tuple(range(7)), times=(soon.time().replace(second=0, microsecond=0),))
    with db.tenant_scope(house.market.supplier.id, actor="test"), db.transaction() as session:
        channel = registries.channels.get("email")
        choose_channel(session, house.market.supplier.id, channel, {}, schedule=schedule)
    first, second, third = house.order(1), house.order(1), house.order(1)
    assert {house.state(one) for one in (first, second, third)} == {"QUEUED"}
    assert "po.gathered" in house.story(first)
    told = house.told(third)
    with db.tenant_scope(house.market.supplier.id, actor="user:jo"), db.transaction() as session:
        send_now(session, house.market.supplier.id, told.purchase_order_id, told.id)
    house.jobs.drain()
    assert [house.state(one) for one in (first, second, third)] == ["QUEUED", "QUEUED", "SENT"]
    house.wait(timedelta(hours=4))
    assert [house.state(one) for one in (first, second)] == ["SENT", "SENT"]
    assert house.told(first).dispatch_id == house.told(second).dispatch_id
    with db.system_scope(actor="test"), db.transaction() as session:
        letters = [one for one in latest_emails(session) if one.kind == "purchase_order"]
    assert len(letters) == 2
    assert any(one.subject.startswith("2 new orders") for one in letters)


def test_what_was_cancelled_before_it_was_sent_is_not_sent(house: House) -> None:
    house.choose()
    house.world.fail_next("busy")
    number = house.order()
    with db.system_scope(actor="test"), db.transaction() as session:
        cancel_order(session, UUID(house.orders[0]["id"]))
    house.jobs.drain()
    house.wait(timedelta(minutes=5))
    assert house.state(number) == "WITHDRAWN"
    assert number not in house.world.orders


@pytest.mark.parametrize("waits", ["its system is busy", "it gathers its orders"])
def test_what_left_while_it_waited_to_be_told_is_not_told_any_more(house: House, books: Books, waits: str) -> None:
    if waits == "its system is busy":
        house.choose()
        house.world.fail_next("busy")
    else:
        soon = clock.now() + timedelta(hours=3)
        times = (soon.time().replace(second=0, microsecond=0),)
        house.choose(schedule=Schedule(days=tuple(range(7)), times=times))
    number = house.order()
    assert house.state(number) == "QUEUED"
    supplier = house.market.supplier
    (row,) = books.queue(supplier)
    books.ship(supplier, row, 2)
    house.jobs.drain()
    house.wait(timedelta(hours=4))
    assert number not in house.world.orders, "its people have sent it: it would be sent twice"
    assert (house.state(number), house.told(number).tries) == ("DELIVERED", int(waits == "its system is busy"))
    assert "po.nothing_left_to_send" in house.story(number)


def test_of_what_left_in_part_while_it_waited_only_the_rest_is_told_and_stopped(house: House, books: Books) -> None:
    house.choose()
    house.world.fail_next("busy")
    number = house.order(6)
    supplier, retailer = house.market.supplier, house.market.retailer
    (row,) = books.queue(supplier)
    books.ship(supplier, row, 2)
    line = row["lines"][0]["id"]
    packed = {"package_ref": "BOX-1", "expected_ship_on": "2026-12-01", "lines": [{"line_id": line, "quantity": 1}]}
    path = f"/api/supplier/orders/{row['id']}/announce"
    assert supplier.api.post(path, {"packages": [packed]}).status_code == 201
    house.jobs.drain()
    house.wait(timedelta(minutes=5))
    told = house.world.orders[number].body
    assert [one["quantity"] for one in told["lines"]] == [3], "two have left and one is packed"
    price, shipping = (Decimal(one["amount"]) for one in (told["lines"][0]["wholesale_price"], told["shipping_cost"]))
    assert Decimal(told["total"]["amount"]) == 3 * price + shipping
    assert 2 * shipping == Decimal(row["shipping_cost"]["amount"]), "half of the goods, and half of their shipping"
    assert {"po.transmitted_rest"} == {one for one in house.story(number) if one.startswith("po.transmitted")}

    order = books.order(house.orders[0])
    cancel = f"/api/orders/{order['id']}/cancel"
    house.world.answers_changes = {"accepted": True}
    asked = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 1}]}
    assert retailer.api.post(cancel, asked).status_code == 200
    house.jobs.drain()
    assert [[one["quantity"] for one in message["lines"]] for change in house.world.changes.values()
            for message in change.asked] == [[1]]  # fmt: skip
    # Of the three that are left its system knows two; the third is packed by people, who are asked.
    asked["lines"][0]["quantity"] = 3
    assert retailer.api.post(cancel, asked).status_code == 200
    house.jobs.drain()
    assert len(house.world.changes) == 1
    assert "change.by_people" in house.story(number)


def test_a_letter_that_waited_is_about_what_is_left(house: House, books: Books) -> None:
    books.browser(house.market.supplier)
    soon = clock.now() + timedelta(hours=3)
    schedule = Schedule(days=tuple(range(7)), times=(soon.time().replace(second=0, microsecond=0),))
    house.choose(channel="email", schedule=schedule)
    number = house.order(3)
    (row,) = books.queue(house.market.supplier)
    books.ship(house.market.supplier, row, 2)
    house.wait(timedelta(hours=4))
    with db.system_scope(actor="test"), db.transaction() as session:
        (letter,) = [one for one in latest_emails(session) if one.kind == "purchase_order"]
        _order, file = attachments_of(session, letter.attached)
    assert number in letter.subject and f"1 × {house.market.lamp.skus[0]}" in letter.text
    assert "you have sent or packed 2 more items of it" in letter.text
    (listed,) = csv.DictReader(file.content.decode("utf-8-sig").splitlines())
    assert listed["quantity"] == "1"


def test_a_line_that_was_cancelled_after_a_try_that_nothing_came_of_is_not_sent(house: House) -> None:
    house.choose()
    house.world.fail_next("busy")
    first, second = house.market.lamp.variants[:2]
    placed = house.market.place((first, 2), (second, 1))
    house.jobs.drain()
    (purchase_order,) = placed["purchase_orders"]
    assert house.state(purchase_order["number"]) == "QUEUED"
    with db.system_scope(actor="test"), db.transaction() as session:
        line_id = session.connection().exec_driver_sql("select id from order_lines where quantity = 2").scalar_one()
        cancel_order_line(session, house.market.retailer.id, UUID(placed["id"]), line_id)
    house.jobs.drain()
    house.wait(timedelta(minutes=5))
    sent = house.world.orders[purchase_order["number"]]
    assert [line["quantity"] for line in sent.body["lines"]] == [1]


def test_what_is_cancelled_later_is_stopped_at_the_supplier(house: House) -> None:
    house.choose()
    number = house.order()
    with db.system_scope(actor="test"), db.transaction() as session:
        cancel_order(session, UUID(house.orders[0]["id"]))
    house.jobs.drain()
    assert house.world.orders[number].stopped
    assert "po.stopped" in house.story(number)


def test_what_the_supplier_is_packing_can_not_be_stopped_and_the_retailer_is_told(house: House) -> None:
    house.choose()
    number = house.order()
    house.world.packing.add(number)
    with db.system_scope(actor="test"), db.transaction() as session:
        cancel_order(session, UUID(house.orders[0]["id"]))
    house.jobs.drain()
    assert "po.not_stopped" in house.story(number)
    with db.system_scope(actor="test"), db.transaction() as session:
        (notice,) = open_notices(session, house.market.retailer.id)
    assert notice.title == f"{number} could not be stopped"


def test_stopping_waits_until_it_is_known_whether_the_order_is_there(house: House) -> None:
    house.choose()
    house.world.fail_next("drop_after")
    number = house.order()
    with db.system_scope(actor="test"), db.transaction() as session:
        cancel_order(session, UUID(house.orders[0]["id"]))
    house.jobs.drain()
    assert not house.world.orders[number].stopped
    house.wait()
    house.jobs.drain(retries=True)
    assert house.world.orders[number].stopped
    assert not house.world.refused


def test_a_withdrawal_that_is_told_again_says_the_same_though_more_was_cancelled_since(
    house: House, books: Books
) -> None:
    house.choose()
    number = house.order(5)
    (line,) = books.order(house.orders[0])["lines"]

    def cancel(units: int) -> None:
        body = {"lines": [{"line_id": line["id"], "quantity": units}]}
        answer = house.market.retailer.api.post(f"/api/orders/{house.orders[0]['id']}/cancel", body)
        assert answer.status_code == 200, answer.text

    house.world.fail_next("drop_after")
    cancel(1)
    house.jobs.drain()
    cancel(1)
    house.jobs.drain(retries=True)
    assert house.world.refused == []
    assert [one for one in house.story(number) if "stopped" in one] == ["po.stopped", "po.stopped"]
    assert house.world.wanted == {number: [3]}


def test_another_address_that_is_told_again_is_another_message_where_it_changed_since(
    house: House, books: Books
) -> None:
    house.choose()
    number = house.order()
    path = f"/api/orders/{house.orders[0]['id']}/address"
    house.world.fail_next("drop_after")
    for street in ("1 Quay", "2 Quay"):
        assert house.market.retailer.api.put(path, ELSEWHERE | {"address1": street}).status_code == 200
        house.jobs.drain()
    house.jobs.drain(retries=True)
    assert house.world.refused == []
    assert "po.not_readdressed" not in house.story(number)
    assert house.world.orders[number].body["shipping_address"]["address1"] == "2 Quay"


def test_what_went_to_another_supplier_is_stopped_at_the_silent_one(house: House, books: Books) -> None:
    desk = Desk(house.market, house.jobs, books)
    desk.link()
    house.choose()
    number = str(desk.purchase_orders(desk.buys(2), house.market.supplier)[0]["number"])
    for step in range(4):
        desk.later("watch_answers", hours=24 * 4 * (step + 1))
    assert desk.seen_by(house.market.other_supplier), "somebody else delivers"
    assert house.world.orders[number].stopped


def test_what_silence_stops_is_stopped_at_the_supplier(house: House, books: Books) -> None:
    house.choose()
    order = books.paid_order((house.market.lamp.variants[0], 2))
    (purchase_order,) = books.queue(house.market.supplier)
    books.answer(house.market.supplier, purchase_order, status="accepted")
    asked = house.market.retailer.api.post(
        f"/api/orders/{order['id']}/cancel", {"lines": [{"line_id": order["lines"][0]["id"], "quantity": 2}]}
    )
    assert asked.json["change_requests"]
    books.later("watch_change_requests", hours=25)
    assert books.order(order)["status"] == "CANCELLED"
    assert house.world.orders[purchase_order["number"]].stopped


def test_a_supplier_that_fetches_an_order_by_api_has_it(house: House) -> None:
    house.choose(tells=False)
    house.world.fail_next("drop_after")
    number = house.order()
    api = house.market.supplier.api
    waiting = api.get("/api/supplier/orders", status="PENDING").json["items"]
    assert [one["number"] for one in waiting] == [number]
    assert house.state(number) == "OUTCOME_UNKNOWN"
    assert api.get(f"/api/supplier/orders/{waiting[0]['id']}").status_code == 200
    assert house.state(number) == "DELIVERED"
