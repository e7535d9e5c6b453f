"""What a supplier's system is told of a wish to change an order, in every state, and everything that can become of it:
the wish is asked once, and is never left with nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit import clock
from app.kit.errors import NothingSent, RateLimited, Rejected, Unavailable
from app.outbox.models import OutboxEvent
from app.purchasing.changes.rules import MESSAGE_MOVES
from app.purchasing.channel import ChangeReply
from app.purchasing.events import ChangeNotPassedOn, ChangeRequestMoved
from app.purchasing.models import ChangeMessage, ChangeRequest
from app.purchasing.service import ask_to_cancel, withdraw_request
from app.purchasing.service.passing_on import (
    Message,
    begin_message,
    record_failed,
    record_receipt,
    record_reply,
)
from tests.domains.purchasing.test_transmission_states import put as on_its_way
from tests.state_tables import UNCHANGED, Machine, Row, agree, columns, everything_happens

TABLE = {
    "QUEUED": {"SENDING", "WITHDRAWN"},
    "SENDING": {"QUEUED", "SENT", "DELIVERED", "REJECTED", "OUTCOME_UNKNOWN"},
    "OUTCOME_UNKNOWN": {"SENDING", "SENT", "DELIVERED"},
    "SENT": {"DELIVERED", "REJECTED"},
    "REJECTED": set[str](),
    "DELIVERED": set[str](),
    "WITHDRAWN": set[str](),
    "BY_PEOPLE": set[str](),
}
SAME = UNCHANGED
_NOTHING: Row = {
    "its turn comes": SAME, "reply: asked": SAME, "reply: stopped": SAME, "reply: refused": SAME, "no answer": SAME,
    "not taken": SAME, "too fast": SAME, "nothing sent": SAME, "read there": SAME, "not readable there": SAME,
    "not wanted any more": SAME,
}  # fmt: skip
EVENTS_TABLE: dict[str, Row] = {
    "QUEUED": {**_NOTHING, "its turn comes": "SENDING", "not wanted any more": "WITHDRAWN"},
    "SENDING": {
        # Whoever takes it up again sends it again under its key, which asks once.
        **_NOTHING, "its turn comes": "SENDING", "reply: asked": "SENT", "reply: stopped": "DELIVERED",
        "reply: refused": "DELIVERED", "no answer": "OUTCOME_UNKNOWN", "not taken": "REJECTED", "too fast": "QUEUED",
        "nothing sent": "QUEUED",
    },
    "OUTCOME_UNKNOWN": {
        **_NOTHING, "its turn comes": "SENDING", "reply: asked": "SENT", "reply: stopped": "DELIVERED",
        "reply: refused": "DELIVERED", "read there": "DELIVERED",
    },
    "SENT": {**_NOTHING, "read there": "DELIVERED", "not readable there": "REJECTED"},
    "REJECTED": _NOTHING,
    "DELIVERED": _NOTHING,
    "WITHDRAWN": {event: SAME for event in _NOTHING if event != "not wanted any more"},
    "BY_PEOPLE": _NOTHING,
}  # fmt: skip
ASKED = 2


@dataclass
class Told:
    """A supplier's system is to be told to stop units."""

    session: Session
    retailer_id: Any
    supplier_id: Any
    request: ChangeRequest
    takes: bool = True

    def moved(self) -> ChangeRequestMoved:
        return ChangeRequestMoved(
            change_request_id=self.request.id,
            purchase_order_id=self.request.purchase_order_id,
            order_id=self.request.order_id,
            retailer_id=self.request.retailer_id,
            supplier_id=self.request.supplier_id,
            kind=self.request.kind,
            state=self.request.state,
            asked_at=clock.iso(self.request.asked_at),
        )

    def begin(self) -> Message | None:
        self.session.flush()
        return begin_message(self.session, self.moved(), lambda _channel, _kind: self.takes)

    @property
    def message(self) -> ChangeMessage:
        """The one that asks."""
        self.session.flush()
        return self.session.scalars(
            select(ChangeMessage).where(ChangeMessage.purpose == "ask").execution_options(populate_existing=True)
        ).one()

    def reply(self, answer: Any) -> None:
        record_reply(self.session, self.supplier_id, self.message.id, ChangeReply(answer=answer, reason="packed"))

    def failed(self, error: Any) -> None:
        record_failed(self.session, self.message.id, error)

    def receipt(self, *, taken: bool) -> None:
        record_receipt(self.session, self.message, taken=taken, words="Segment 3 is wrong.")

    def withdraw(self) -> None:
        withdraw_request(self.session, self.retailer_id, self.request.id)
        self.begin()

    def people_asked(self) -> int:
        topic = ChangeNotPassedOn.topic
        return len(self.session.scalars(select(OutboxEvent.id).where(OutboxEvent.topic == topic)).all())


def put(session: Session, state: str) -> Told:
    way = on_its_way(session, "SENT")
    desk = way.desk
    desk.answer(desk.say(0, "accepted"), desk.say(1, "accepted"))
    line = desk.lines[0].order_line_id
    asked = ask_to_cancel(session, desk.retailer.id, desk.order_id, {line: ASKED})
    request = session.get_one(ChangeRequest, asked.request_ids[0])
    told = Told(session, desk.retailer.id, desk.supplier.id, request, takes=state != "BY_PEOPLE")
    told.begin()
    ways: dict[str, Callable[[], object]] = {
        "SENDING": lambda: None,
        "BY_PEOPLE": lambda: None,
        "QUEUED": lambda: told.failed(RateLimited("slow down", retry_after=30)),
        "OUTCOME_UNKNOWN": lambda: told.failed(Unavailable("no answer")),
        "SENT": lambda: told.reply("asked"),
        "REJECTED": lambda: told.failed(Rejected("bad", "Not like this")),
        "DELIVERED": lambda: (told.reply("asked"), told.receipt(taken=True)),
        "WITHDRAWN": lambda: (told.failed(NothingSent("no connection")), told.withdraw()),
    }
    ways[state]()
    return told


EVENTS: dict[str, Callable[[Told], object]] = {
    "its turn comes": lambda one: one.begin(),
    "reply: asked": lambda one: one.reply("asked"),
    "reply: stopped": lambda one: one.reply("accepted"),
    "reply: refused": lambda one: one.reply("refused"),
    "no answer": lambda one: one.failed(Unavailable("no answer")),
    "not taken": lambda one: one.failed(Rejected("bad", "Not like this")),
    "too fast": lambda one: one.failed(RateLimited("slow down", retry_after=30)),
    "nothing sent": lambda one: one.failed(NothingSent("no connection")),
    "read there": lambda one: one.receipt(taken=True),
    "not readable there": lambda one: one.receipt(taken=False),
    "not wanted any more": lambda one: one.withdraw(),
}


def answered(state: str) -> Callable[[Told], None]:
    def look_at(told: Told) -> None:
        assert columns(told.request)["state"] == state
        assert (columns(told.message)["problem"], columns(told.message)["words"]) == (None, None)

    return look_at


def waits(told: Told) -> None:
    assert columns(told.request)["state"] == "OPEN"


def people(told: Told) -> None:
    """The supplier's people are asked, since their time runs."""
    assert told.people_asked() == 1
    assert columns(told.request)["state"] == "OPEN"


def the_same_key(told: Told) -> None:
    found = told.begin()
    assert found is not None
    assert (found.sending.key, found.sending.again) == (str(told.message.id), True)
    assert sum(found.stops.values()) == ASKED


EFFECTS: dict[tuple[str, str], Callable[[Told], None]] = {
    **{(state, "reply: stopped"): answered("ACCEPTED") for state in ("SENDING", "OUTCOME_UNKNOWN")},
    **{(state, "reply: refused"): answered("REFUSED") for state in ("SENDING", "OUTCOME_UNKNOWN")},
    **{(state, "reply: asked"): waits for state in ("SENDING", "OUTCOME_UNKNOWN")},
    **{("SENDING", event): people for event in ("no answer", "not taken", "too fast", "nothing sent")},
    ("SENT", "not readable there"): people,
    **{(state, "its turn comes"): the_same_key for state in ("QUEUED", "SENDING", "OUTCOME_UNKNOWN")},
}


def test_a_message_moves_as_the_table_says_and_in_no_other_way() -> None:
    agree(TABLE, MESSAGE_MOVES, lambda current, wanted: wanted in MESSAGE_MOVES[current], staying=False)


@pytest.mark.parametrize("current", TABLE)
def test_whatever_becomes_of_a_message_its_wish_is_asked_once_and_never_left_alone(
    session: Session, current: str
) -> None:
    events = {event: EVENTS[event] for event in EVENTS_TABLE[current]}
    machine = Machine(put, lambda one: str(one.message.state), lambda one: columns(one.message), events, EFFECTS)
    everything_happens(session, machine, EVENTS_TABLE, current)


def test_people_are_asked_once_however_often_it_fails(session: Session) -> None:
    told = put(session, "OUTCOME_UNKNOWN")
    for _ in range(3):
        told.begin()
        told.failed(Unavailable("no answer"))
    assert told.people_asked() == 1
