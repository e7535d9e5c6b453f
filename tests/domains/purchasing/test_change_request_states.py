"""A request to change what a supplier has accepted, in every state, and everything that can happen to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kit import clock
from app.orders.models import TimelineEntry
from app.orders.service import address_of
from app.outbox.models import OutboxEvent
from app.purchasing.changes.rules import STATES
from app.purchasing.events import ChangeRequestMoved
from app.purchasing.models import ChangeRequest, ChangeRequestLine
from app.purchasing.service import (
    GivenUp,
    accept_request,
    ask_to_cancel,
    change_address,
    count_silence,
    give_up,
    refuse_request,
    remind,
    withdraw_request,
)
from tests import factories as make
from tests.domains.purchasing.desk import UNITS, Desk, OnDesk
from tests.state_tables import UNCHANGED, Machine, Refused, Row, columns, everything_happens

#: Of the first line's five units, so many are to be stopped.
ASKED = 3
OVER = Refused("answered")

#: ``sent``: all that is open leaves; ``two sent``: so much that one of the asked ones must have left; ``gone``: the
#: supplier has none of it.
CANCELLATION: dict[str, Row] = {
    "OPEN": {
        "accepted": "ACCEPTED", "accepted in part": "PARTLY", "refused": "REFUSED", "withdrawn": "WITHDRAWN",
        "silence": "ACCEPTED", "silence while packing": "REFUSED", "half of the time": "OPEN", "sent": "REFUSED",
        "some sent": "OPEN", "most sent": "PARTLY", "gone": "ACCEPTED",
    },
    "ACCEPTED": {
        "accepted": UNCHANGED, "accepted in part": UNCHANGED, "refused": OVER, "withdrawn": OVER, "silence": UNCHANGED,
        "half of the time": UNCHANGED,
    },
    "PARTLY": {
        "accepted": OVER, "accepted in part": UNCHANGED, "refused": OVER, "withdrawn": OVER, "silence": UNCHANGED,
        "half of the time": UNCHANGED,
    },
    "REFUSED": {
        "accepted": OVER, "accepted in part": OVER, "refused": UNCHANGED, "withdrawn": OVER, "silence": UNCHANGED,
        "half of the time": UNCHANGED,
    },
    "WITHDRAWN": {
        "accepted": OVER, "accepted in part": OVER, "refused": OVER, "withdrawn": UNCHANGED, "silence": UNCHANGED,
        "half of the time": UNCHANGED,
    },
}  # fmt: skip
ADDRESS: dict[str, Row] = {
    "OPEN": {
        "accepted": "ACCEPTED", "refused": "REFUSED", "withdrawn": "WITHDRAWN", "silence": "REFUSED",
        "silence while packing": "REFUSED", "half of the time": "OPEN", "sent": "REFUSED", "some sent": "OPEN",
        "gone": "WITHDRAWN",
    },
    "ACCEPTED": {
        "accepted": UNCHANGED, "refused": OVER, "withdrawn": OVER, "silence": UNCHANGED,
        "half of the time": UNCHANGED, "sent": "ACCEPTED", "gone": "ACCEPTED",
    },
    "REFUSED": {
        "accepted": OVER, "refused": UNCHANGED, "withdrawn": OVER, "silence": UNCHANGED,
        "half of the time": UNCHANGED, "sent": "REFUSED", "gone": "REFUSED",
    },
    "WITHDRAWN": {
        "accepted": OVER, "refused": OVER, "withdrawn": UNCHANGED, "silence": UNCHANGED,
        "half of the time": UNCHANGED, "sent": "WITHDRAWN", "gone": "WITHDRAWN",
    },
}  # fmt: skip


@dataclass
class Wish(OnDesk):
    """A purchase order whose supplier was asked to change it."""

    request: ChangeRequest

    @property
    def ids(self) -> tuple[Any, Any]:
        return self.desk.supplier.id, self.request.id

    def line(self) -> Any:
        return self.desk.lines[0]

    def accept_in_part(self) -> None:
        accept_request(self.session, *self.ids, {self.line().id: 1})

    def silence(self, *, packing: bool = False) -> None:
        if packing:
            self.desk.pack()
        with clock.shifted(timedelta(hours=25)):
            count_silence(self.session, self.request.id)

    def half(self) -> None:
        with clock.shifted(timedelta(hours=13)):
            remind(self.session, self.request.id)

    def send(self, units: int, of_others: int = 0) -> None:
        self.desk.ship(self.desk.parcel(units, of_others))

    def send_all(self) -> None:
        open_units = [line.quantity - line.shipped - line.cancelled for line in self.desk.lines]
        self.desk.ship(self.desk.parcel(*open_units))

    def give_up_all(self) -> None:
        lines = [(line, line.quantity - line.shipped - line.cancelled) for line in self.desk.lines]
        given = {
            line.id: GivenUp(line_id=line.id, quantity=units, reason="discontinued") for line, units in lines if units
        }
        give_up(self.session, self.desk.supplier.id, self.desk.purchase_order.id, given)

    def moves_told(self) -> list[str]:
        topic = ChangeRequestMoved.topic
        found = select(OutboxEvent.payload).where(OutboxEvent.topic == topic).order_by(OutboxEvent.id)
        return [one["state"] for one in self.session.scalars(found)]


def accepted_desk(session: Session) -> Desk:
    desk = Desk(session)
    desk.answer(desk.say(0, "accepted"), desk.say(1, "accepted"))
    return desk


def put_cancellation(session: Session, state: str) -> Wish:
    desk = accepted_desk(session)
    line = desk.lines[0].order_line_id
    asked = ask_to_cancel(session, desk.retailer.id, desk.order_id, {line: ASKED})
    wish = Wish(desk, session.get_one(ChangeRequest, asked.request_ids[0]))
    led_to(wish, state)
    return wish


def put_address(session: Session, state: str) -> Wish:
    desk = accepted_desk(session)
    elsewhere = make.address(address1="7 Grange Road", city="Leeds", postal_code="LS1 4AP")
    asked = change_address(session, desk.retailer.id, desk.order_id, elsewhere)
    wish = Wish(desk, session.get_one(ChangeRequest, asked.request_ids[0]))
    led_to(wish, state)
    return wish


def led_to(wish: Wish, state: str) -> None:
    ways: dict[str, Callable[[], object]] = {
        "OPEN": lambda: None,
        "ACCEPTED": lambda: accept_request(wish.session, *wish.ids),
        "PARTLY": wish.accept_in_part,
        "REFUSED": lambda: refuse_request(wish.session, *wish.ids, "packed"),
        "WITHDRAWN": lambda: withdraw_request(wish.session, wish.desk.retailer.id, wish.request.id),
    }
    ways[state]()
    wish.session.flush()


def look(wish: Wish) -> Any:
    rows = wish.session.scalars(
        select(ChangeRequestLine)
        .where(ChangeRequestLine.change_request_id == wish.request.id)
        .execution_options(populate_existing=True)
    )
    counted = [wish.session.scalar(select(func.count()).select_from(one)) for one in (OutboxEvent, TimelineEntry)]
    lines = [columns(line) for line in wish.desk.lines]
    return columns(wish.request), [columns(row) for row in rows], lines, wish.desk.stock(), counted


def stops(units: int, *, lost: int = 0) -> Callable[[Wish], None]:
    """So many units are stopped, free again and in nobody's hands; the rest goes on."""

    def look_at(wish: Wish) -> None:
        line = wish.line()
        assert (line.cancelled, line.shipped + line.cancelled <= line.quantity) == (units, True)
        (row,) = wish.session.scalars(select(ChangeRequestLine))
        assert (row.granted, row.lost) == (units, lost)
        open_units = line.quantity - line.shipped - line.cancelled
        assert wish.desk.stock()[0][1] == open_units
        if columns(wish.request)["state"] != "OPEN":
            assert wish.moves_told() == ["OPEN", columns(wish.request)["state"]]
            assert wish.request.answered_at is not None

    return look_at


def reminded(wish: Wish) -> None:
    assert columns(wish.request)["reminded_at"] is not None
    before = look(wish)
    wish.half()
    assert look(wish) == before, "once"


def goes_to(street: str) -> Callable[[Wish], None]:
    def look_at(wish: Wish) -> None:
        row = wish.desk.purchase_order
        found = address_of(row.ship_to, "purchase_orders", row.id)
        assert found is not None
        assert found.address1 == street
        assert columns(wish.request)["ship_to"] is None, "nobody needs it any more"

    return look_at


EVENTS: dict[str, Callable[[Wish], object]] = {
    "accepted": lambda one: accept_request(one.session, *one.ids),
    "accepted in part": lambda one: one.accept_in_part(),
    "refused": lambda one: refuse_request(one.session, *one.ids, "packed"),
    "withdrawn": lambda one: withdraw_request(one.session, one.desk.retailer.id, one.request.id),
    "silence": lambda one: one.silence(),
    "silence while packing": lambda one: one.silence(packing=True),
    "half of the time": lambda one: one.half(),
    "sent": lambda one: one.send_all(),
    "some sent": lambda one: one.send(UNITS[0] - ASKED),
    "most sent": lambda one: one.send(UNITS[0] - ASKED + 1),
    "gone": lambda one: one.give_up_all(),
}
OLD, NEW = "12 St James's Square", "7 Grange Road"
CANCELLATION_EFFECTS: dict[tuple[str, str], Callable[[Wish], None]] = {
    ("OPEN", "accepted"): stops(ASKED),
    ("OPEN", "accepted in part"): stops(1),
    ("OPEN", "refused"): stops(0),
    ("OPEN", "withdrawn"): stops(0),
    ("OPEN", "silence"): stops(ASKED),
    ("OPEN", "silence while packing"): stops(0),
    ("OPEN", "half of the time"): reminded,
    ("OPEN", "sent"): stops(0, lost=ASKED),
    ("OPEN", "some sent"): stops(0),
    ("OPEN", "most sent"): stops(ASKED - 1, lost=1),
}
ADDRESS_EFFECTS: dict[tuple[str, str], Callable[[Wish], None]] = {
    ("OPEN", "accepted"): goes_to(NEW),
    **{("OPEN", event): goes_to(OLD) for event in ("refused", "withdrawn", "silence", "silence while packing", "sent")},
    ("OPEN", "half of the time"): reminded,
}


def of_open_ones(table: dict[str, Row], current: str) -> dict[str, Callable[[Wish], object]]:
    """What can happen in a state: parcels and packing concern only what waits."""
    return {event: EVENTS[event] for event in table[current]}


def test_the_tables_have_every_state() -> None:
    assert set(CANCELLATION) == set(STATES)
    assert set(ADDRESS) == set(STATES) - {"PARTLY"}, "an address is not changed in part"
    assert {event for row in (*CANCELLATION.values(), *ADDRESS.values()) for event in row} == set(EVENTS)


@pytest.mark.parametrize("current", CANCELLATION)
def test_a_request_to_stop_units_ends_once_and_is_what_its_answer_says(session: Session, current: str) -> None:
    events = of_open_ones(CANCELLATION, current)
    machine = Machine(put_cancellation, lambda one: columns(one.request)["state"], look, events, CANCELLATION_EFFECTS)
    everything_happens(session, machine, CANCELLATION, current)


@pytest.mark.parametrize("current", ADDRESS)
def test_a_request_for_another_address_ends_once_and_the_address_is_what_was_agreed(
    session: Session, current: str
) -> None:
    events = of_open_ones(ADDRESS, current)
    machine = Machine(put_address, lambda one: columns(one.request)["state"], look, events, ADDRESS_EFFECTS)
    everything_happens(session, machine, ADDRESS, current)
