"""A purchase order on its way to its supplier in every state, and everything that can become of it: nothing is ever
sent twice that may have arrived."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.fulfillment.service import announced_units
from app.kit import clock
from app.kit.errors import Conflict, NothingSent, RateLimited, Rejected, Unavailable
from app.kit.ids import new_id
from app.orders.models import TimelineEntry
from app.outbox.models import OutboxEvent
from app.purchasing.channel import Presence
from app.purchasing.models import Transmission
from app.purchasing.service.dispatching import Dispatch, begin_dispatch, put_due_to_work, record_failed, record_sent
from app.purchasing.service.doubting import decide_doubt, record_no_probe, record_probe
from app.purchasing.service.transmitting import move, note_answered, plan_transmission, send_again, send_now
from app.purchasing.transmission_rules import PROBE_AFTER, STATES, may_move
from tests.domains.purchasing.desk import Desk, OnDesk
from tests.state_tables import UNCHANGED, Machine, Refused, Row, agree, columns, everything_happens

TABLE = {
    "QUEUED": {"SENDING", "SENT", "DELIVERED", "WITHDRAWN"},
    "SENDING": {"QUEUED", "SENT", "DELIVERED", "REJECTED", "OUTCOME_UNKNOWN"},
    "SENT": {"DELIVERED", "REJECTED"},
    "OUTCOME_UNKNOWN": {"DELIVERED", "NOT_RECEIVED"},
    "NOT_RECEIVED": {"SENDING", "QUEUED", "DELIVERED", "WITHDRAWN"},
    "REJECTED": {"QUEUED", "DELIVERED", "WITHDRAWN"},
    "DELIVERED": set[str](),
    "WITHDRAWN": set[str](),
}
SAME = UNCHANGED
#: Of a doubt that no person was asked about, that waits for nothing, and that was not refused.
KNOWN, GONE, NOT_REFUSED = Refused("doubt_is_over"), Refused("not_waiting"), Refused("not_refused")
#: What a call, a probe or a person says where nobody asks any more.
_NOTHING: Row = {
    "call: handed over": SAME, "call: taken": SAME, "call: no answer": SAME, "call: refused": SAME,
    "call: too fast": SAME, "call: nothing sent": SAME, "probe: there": SAME, "probe: not there": SAME,
    "probe: can't tell": SAME, "probe: no answer": SAME, "person: there": KNOWN, "person: not there": KNOWN,
    "send now": GONE, "send again": NOT_REFUSED,
}  # fmt: skip
EVENTS_TABLE: dict[str, Row] = {
    "QUEUED": {
        **_NOTHING, "its time comes": "SENDING", "nothing is wanted": "WITHDRAWN", "supplier answers": SAME,
        "send now": "QUEUED",
    },
    "SENDING": {
        # Another task that finds it being sent leaves it alone.
        **_NOTHING, "its time comes": SAME, "nothing is wanted": SAME, "supplier answers": SAME,
        "call: handed over": "SENT", "call: taken": "DELIVERED", "call: no answer": "OUTCOME_UNKNOWN",
        "call: refused": "REJECTED", "call: too fast": "QUEUED", "call: nothing sent": "QUEUED",
    },
    "SENT": {
        **_NOTHING, "its time comes": SAME, "nothing is wanted": SAME, "supplier answers": "DELIVERED",
    },
    "OUTCOME_UNKNOWN": {
        **_NOTHING, "its time comes": SAME, "nothing is wanted": SAME, "supplier answers": "DELIVERED",
        "probe: there": "DELIVERED", "probe: not there": "NOT_RECEIVED", "probe: can't tell": "OUTCOME_UNKNOWN",
        "probe: no answer": "OUTCOME_UNKNOWN",
    },
    "NOT_RECEIVED": {
        **_NOTHING, "its time comes": "SENDING", "nothing is wanted": "WITHDRAWN", "supplier answers": "DELIVERED",
    },
    "REJECTED": {
        **_NOTHING, "its time comes": SAME, "nothing is wanted": SAME, "supplier answers": "DELIVERED",
        "send again": "QUEUED",
    },
    "DELIVERED": {**_NOTHING, "its time comes": SAME, "nothing is wanted": SAME, "supplier answers": SAME},
    "WITHDRAWN": {**_NOTHING, "its time comes": SAME, "nothing is wanted": SAME, "supplier answers": SAME},
}  # fmt: skip
TASK = new_id()
#: So long after the call a probe's word counts.
_PROBED = timedelta(minutes=2)


@dataclass
class Way(OnDesk):
    """How a purchase order goes to its supplier."""

    row: Transmission

    @property
    def ids(self) -> tuple[Any, Any, Any]:
        return self.desk.supplier.id, self.row.purchase_order_id, self.row.id

    def due(self, task: Any = TASK, *, later: timedelta = timedelta(0)) -> Dispatch | None:
        """The clock looks, and the task that it makes begins."""
        with clock.shifted(later):
            if not put_due_to_work(self.session, clock.now(), {}):
                return None
            self.session.flush()
            assert self.row.dispatch_id is not None
            return begin_dispatch(self.session, self.row.dispatch_id, task, announced_units)

    def begin(self) -> None:
        """Another task than the one that may be at it takes it up."""
        if self.row.state in ("QUEUED", "NOT_RECEIVED"):
            self.due(later=_PROBED)
        elif self.row.dispatch_id is not None:
            begin_dispatch(self.session, self.row.dispatch_id, new_id(), announced_units)

    def unwanted(self) -> None:
        for line in self.desk.lines:
            line.cancelled = line.quantity
        self.session.flush()
        self.begin()

    def sent(self, *, confirmed: bool = False) -> None:
        if self.row.dispatch_id is not None:
            record_sent(self.session, self.row.dispatch_id, confirmed=confirmed)

    def failed(self, error: Any) -> None:
        if self.row.dispatch_id is not None:
            record_failed(self.session, self.row.dispatch_id, error)

    def probed(self, presence: Presence | None) -> None:
        """A probe, so long after the call that what it says counts."""
        with clock.shifted(_PROBED):
            if self.row.dispatch_id is None:
                return
            if presence is None:
                record_no_probe(self.session, self.row.dispatch_id)
            else:
                record_probe(self.session, self.row.dispatch_id, self.row.purchase_order_id, presence)

    def counted(self) -> list[Any]:
        return [self.session.scalar(select(func.count()).select_from(one)) for one in (OutboxEvent, TimelineEntry)]


def put(session: Session, state: str) -> Way:
    desk = Desk(session)
    row = plan_transmission(session, desk.supplier.id, desk.purchase_order.id)
    assert row is not None
    way = Way(desk, row)
    session.flush()
    if state == "WITHDRAWN":
        way.unwanted()
    elif state != "QUEUED":
        assert way.due() is not None
        ways: dict[str, Callable[[], object]] = {
            "SENDING": lambda: None,
            "SENT": way.sent,
            "DELIVERED": lambda: way.sent(confirmed=True),
            "REJECTED": lambda: way.failed(Rejected("bad", "No such SKU")),
            "OUTCOME_UNKNOWN": lambda: way.failed(Unavailable("no answer")),
            "NOT_RECEIVED": lambda: (way.failed(Unavailable("no answer")), way.probed(Presence.ABSENT)),
        }
        ways[state]()
    return way


def look(way: Way) -> Any:
    return columns(way.row, without=("updated_at", "due_at")), way.counted()


EVENTS: dict[str, Callable[[Way], object]] = {
    "its time comes": lambda one: one.begin(),
    "nothing is wanted": lambda one: one.unwanted(),
    "supplier answers": lambda one: note_answered(one.session, one.ids[0], [one.ids[1]], by="answer"),
    "call: handed over": lambda one: one.sent(),
    "call: taken": lambda one: one.sent(confirmed=True),
    "call: no answer": lambda one: one.failed(Unavailable("no answer")),
    "call: refused": lambda one: one.failed(Rejected("bad", "No such SKU")),
    "call: too fast": lambda one: one.failed(RateLimited("slow down", retry_after=30)),
    "call: nothing sent": lambda one: one.failed(NothingSent("no connection")),
    "probe: there": lambda one: one.probed(Presence.FOUND),
    "probe: not there": lambda one: one.probed(Presence.ABSENT),
    "probe: can't tell": lambda one: one.probed(Presence.CANNOT_TELL),
    "probe: no answer": lambda one: one.probed(None),
    "person: there": lambda one: decide_doubt(one.session, *one.ids, there=True),
    "person: not there": lambda one: decide_doubt(one.session, *one.ids, there=False),
    "send now": lambda one: send_now(one.session, *one.ids),
    "send again": lambda one: send_again(one.session, *one.ids),
}


def asked_about(way: Way) -> None:
    """Whoever takes it up asks whether it arrived, and does not send it."""
    row = columns(way.row)
    assert row["next_probe_at"] is not None
    found = way.due(later=timedelta(seconds=25))
    assert found is not None
    assert found.unsure


def asked_of_a_person(way: Way) -> None:
    assert columns(way.row)["person_asked_at"] is not None
    assert way.due(later=timedelta(days=1)) is None, "nobody sends it, and nobody asks any more"
    decide_doubt(way.session, *way.ids, there=True)
    assert columns(way.row)["state"] == "DELIVERED"


def the_same_again(way: Way) -> None:
    key = way.row.dispatch_id
    found = way.due(later=_PROBED)
    assert found is not None
    assert (found.sending.key, found.sending.again, found.unsure) == (str(key), True, False)


def another_message(way: Way) -> None:
    row = columns(way.row)
    assert (row["problem"], row["words"], row["detail"].get("lines")) == (None, None, None)
    assert row["dispatch_id"] is not None


def waits(way: Way) -> None:
    """Nothing was taken: the same message goes later, with what is wanted by then."""
    assert columns(way.row)["due_at"] > clock.now() + timedelta(seconds=20)
    assert way.due() is None
    assert way.due(later=timedelta(hours=2)) is not None


def ended(way: Way) -> None:
    assert columns(way.row)["person_asked_at"] is None
    assert way.due(later=timedelta(days=1)) is None, "nothing is sent again"


EFFECTS: dict[tuple[str, str], Callable[[Way], None]] = {
    ("SENDING", "call: no answer"): asked_about,
    ("SENDING", "call: too fast"): waits,
    ("SENDING", "call: nothing sent"): waits,
    ("SENDING", "call: handed over"): ended,
    ("SENDING", "call: taken"): ended,
    ("SENDING", "call: refused"): ended,
    ("OUTCOME_UNKNOWN", "probe: there"): ended,
    ("OUTCOME_UNKNOWN", "probe: not there"): the_same_again,
    ("OUTCOME_UNKNOWN", "probe: can't tell"): asked_of_a_person,
    ("OUTCOME_UNKNOWN", "supplier answers"): ended,
    ("NOT_RECEIVED", "supplier answers"): ended,
    ("NOT_RECEIVED", "nothing is wanted"): ended,
    ("QUEUED", "nothing is wanted"): ended,
    ("REJECTED", "send again"): another_message,
    ("REJECTED", "supplier answers"): ended,
}
MACHINE = Machine(put=put, state=lambda one: columns(one.row)["state"], look=look, events=EVENTS, effects=EFFECTS)


def test_a_transmission_moves_as_the_table_says_and_in_no_other_way(session: Session) -> None:
    agree(TABLE, STATES, may_move, staying=True)
    way = put(session, "QUEUED")
    for current in STATES:
        for wanted in STATES:
            way.row.state = current
            if wanted in TABLE[current] or wanted == current:
                move(way.row, wanted)
                assert way.row.state == wanted
            else:
                with pytest.raises(Conflict) as caught:
                    move(way.row, wanted)
                assert caught.value.code == "move_not_allowed"
                assert f"{current} can't become {wanted}" in caught.value.detail
                assert way.row.state == current


@pytest.mark.parametrize("current", TABLE)
def test_whatever_happens_on_the_way_nothing_is_sent_twice_that_may_have_arrived(
    session: Session, current: str
) -> None:
    everything_happens(session, MACHINE, EVENTS_TABLE, current)


def test_a_person_who_says_that_it_did_not_arrive_has_the_same_message_sent(session: Session) -> None:
    way = put(session, "OUTCOME_UNKNOWN")
    way.probed(Presence.CANNOT_TELL)
    decide_doubt(session, *way.ids, there=False)
    assert way.row.state == "NOT_RECEIVED"
    the_same_again(way)


def test_a_task_that_died_while_sending_is_followed_by_a_question_never_by_a_second_message(session: Session) -> None:
    way = put(session, "SENDING")
    found = way.due(new_id(), later=timedelta(minutes=6))
    assert found is not None
    assert found.unsure
    assert columns(way.row)["state"] == "OUTCOME_UNKNOWN"


def test_a_system_that_never_answers_is_asked_about_until_a_person_is(session: Session) -> None:
    way = put(session, "OUTCOME_UNKNOWN")
    for _ in PROBE_AFTER:
        assert way.row.person_asked_at is None
        way.probed(None)
    assert way.row.person_asked_at is not None
