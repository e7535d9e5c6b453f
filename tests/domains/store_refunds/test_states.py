"""A refund in a store in every state, and everything that store, its people and its retailer can say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kit.money import Money
from app.notifications.models import Notice
from app.orders.models import Order, OrderLine, TimelineEntry
from app.outbox.models import OutboxEvent
from app.purchasing.service import place_order
from app.store_refunds.models import StoreRefund
from app.store_refunds.rules import ALREADY, MOVES, STATES, may_move
from app.store_refunds.service import ask, ask_again, by_hand, match, note_made, note_refused, report, wish_of
from app.stores.money_back import RefundMade
from tests import factories as make
from tests.state_tables import UNCHANGED, Machine, Refused, Row, agree, columns, effects_of, everything_happens

TABLE = {
    "ASKED": {"MADE", "REFUSED", "BY_HAND"},
    "REFUSED": {"ASKED", "MADE", "BY_HAND"},
    "BY_HAND": {"MADE"},
    "MADE": set[str](),
}
SAME = UNCHANGED
NOT_ANY_MORE = Refused("move_not_allowed")
#: ``store:`` its answers, and words that come by themselves; ``report:`` its own system's; the others are the retailer.
EVENTS_TABLE: dict[str, Row] = {
    "ASKED": {
        "store: made": "MADE", "store: refused": "REFUSED", "store: these units are refunded": "BY_HAND",
        "store: word of ours": "MADE", "store: word of just these units": "BY_HAND", "store: word of others": SAME,
        "report: made": "MADE", "report: not made": "REFUSED", "again": SAME, "by hand": "BY_HAND",
    },
    "REFUSED": {
        "store: made": "MADE", "store: refused": SAME, "store: these units are refunded": SAME,
        "store: word of ours": "MADE", "store: word of just these units": "BY_HAND", "store: word of others": SAME,
        "report: made": "MADE", "report: not made": SAME, "again": "ASKED", "by hand": "BY_HAND",
    },
    "BY_HAND": {
        "store: made": "MADE", "store: refused": SAME, "store: these units are refunded": SAME,
        "store: word of ours": "MADE", "store: word of just these units": SAME, "store: word of others": SAME,
        "report: made": "MADE", "report: not made": NOT_ANY_MORE, "again": NOT_ANY_MORE, "by hand": SAME,
    },
    "MADE": {
        "store: made": SAME, "store: refused": SAME, "store: these units are refunded": SAME,
        "store: word of ours": SAME, "store: word of just these units": SAME, "store: word of others": SAME,
        "report: made": NOT_ANY_MORE, "report: not made": NOT_ANY_MORE, "again": NOT_ANY_MORE, "by hand": NOT_ANY_MORE,
    },
}  # fmt: skip
GIVEN = RefundMade(external_id="re_1", amount=Money(5000, "USD"))
UNITS, STORE_LINE = 2, "gid://shopify/LineItem/7"


@dataclass
class Refund:
    """Two of three units that a store's customer has paid for."""

    session: Session
    order: Order
    row: StoreRefund

    @property
    def ids(self) -> tuple[Any, Any]:
        return self.order.retailer_id, self.row.id

    def word(self, *, refund_id: str = "re_9", note: str = "", units: int = UNITS) -> None:
        """The store tells of a refund."""
        match(self.session, self.order, refund_id=refund_id, note=note, units={STORE_LINE: units}, amount=None)

    def notices(self) -> list[str]:
        found = select(Notice.title).where(Notice.kind == "store_refund", Notice.resolved_at.is_(None))
        return list(self.session.scalars(found))


def put(session: Session, state: str) -> Refund:
    retailer = make.retailer(session)
    store = make.store(session, retailer)
    (variant,) = make.product(session, make.supplier(session))
    placed = place_order(session, make.order_of(retailer, {variant: 3}, store=store))
    order = session.get_one(Order, placed.order_id)
    line = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).one()
    line.external_line_id = STORE_LINE
    found = Refund(session, order, ask(session, retailer.id, order.id, {line.id: UNITS}))
    ways: dict[str, Callable[[], object]] = {
        "ASKED": lambda: None,
        "MADE": lambda: note_made(session, found.row.id, GIVEN),
        "REFUSED": lambda: note_refused(session, found.row.id, "too_much", "It is too much."),
        "BY_HAND": lambda: by_hand(session, *found.ids),
    }
    ways[state]()
    return found


def look(refund: Refund) -> Any:
    counted = [refund.session.scalar(select(func.count()).select_from(one)) for one in (OutboxEvent, TimelineEntry)]
    return columns(refund.row), counted, refund.notices()


def made(refund: Refund) -> None:
    row = columns(refund.row)
    assert row["refusal"] is None
    assert wish_of(refund.session, refund.row.id) is None, "the store is not asked any more"
    assert refund.notices() == []


def refused(refund: Refund) -> None:
    assert columns(refund.row)["refusal_text"] == "It is too much."
    assert len(refund.notices()) == 1
    assert wish_of(refund.session, refund.row.id) is None


def asked_anew(refund: Refund) -> None:
    wish = wish_of(refund.session, refund.row.id)
    assert wish is not None
    assert wish.wish.units == {STORE_LINE: UNITS}
    assert wish.wish.key.endswith(":1"), "another wish than the one that was refused"


EVENTS: dict[str, Callable[[Refund], object]] = {
    "store: made": lambda one: note_made(one.session, one.row.id, GIVEN),
    "store: refused": lambda one: note_refused(one.session, one.row.id, "too_much", "It is too much."),
    "store: these units are refunded": lambda one: note_refused(one.session, one.row.id, ALREADY, "Refunded."),
    "store: word of ours": lambda one: one.word(note=f"Crossdock: {one.row.reference}"),
    "store: word of just these units": lambda one: one.word(),
    "store: word of others": lambda one: one.word(units=1),
    "report: made": lambda one: report(one.session, *one.ids, made=Money(5000, "USD"), external_id="re_2"),
    "report: not made": lambda one: report(one.session, *one.ids, made=None, reason="It is too much."),
    "again": lambda one: ask_again(one.session, *one.ids),
    "by hand": lambda one: by_hand(one.session, *one.ids),
}
EFFECTS = effects_of(EVENTS_TABLE, {"MADE": made, "BY_HAND": made, "REFUSED": refused, "ASKED": asked_anew})
MACHINE = Machine(put=put, state=lambda one: columns(one.row)["state"], look=look, events=EVENTS, effects=EFFECTS)


def test_a_refund_in_a_store_moves_as_the_table_says_and_in_no_other_way() -> None:
    assert {state: set(moves) for state, moves in MOVES.items()} == TABLE
    agree(TABLE, STATES, may_move, staying=False)


@pytest.mark.parametrize("current", TABLE)
def test_whatever_is_said_of_a_refund_is_done_once_or_changes_nothing(session: Session, current: str) -> None:
    everything_happens(session, MACHINE, EVENTS_TABLE, current)


def test_the_same_report_of_a_made_refund_again_is_no_other(session: Session) -> None:
    refund = put(session, "ASKED")
    for _ in range(2):
        report(session, *refund.ids, made=Money(5000, "USD"), external_id="re_2")
    assert (refund.row.state, refund.row.external_id, refund.row.made_amount) == ("MADE", "re_2", 5000)
