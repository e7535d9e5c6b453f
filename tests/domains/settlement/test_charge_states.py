"""A charge in every state, and everything that can be heard of it: asked for, answered once, twice, late, given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kit import clock
from app.kit.money import Money
from app.ledger.models import JournalEntry
from app.orders.models import OrderHold, TimelineEntry
from app.outbox.models import OutboxEvent
from app.purchasing.service import ask_to_cancel
from app.settlement.models import Charge, Refund
from app.settlement.processor import ChargeOutcome, SavedMethod
from app.settlement.rules import CHARGE_MOVES, may_move
from app.settlement.service import (
    cancel_unpaid_charge,
    plan_charge,
    record_charge,
    record_customer,
    record_method,
)
from app.settlement.service.withdrawing import withdraw_lines
from tests.domains.purchasing.desk import Desk, OnDesk
from tests.state_tables import UNCHANGED, Machine, Row, agree, columns, effects_of, everything_happens

MOVES = {
    "PENDING": {"SENDING", "FAILED", "CANCELLED"},
    "SENDING": {"PAID", "PROCESSING", "FAILED", "ACTION_REQUIRED"},
    "PROCESSING": {"PAID", "FAILED"},
    "ACTION_REQUIRED": {"PAID", "FAILED", "SENDING", "CANCELLED"},
    "FAILED": {"SENDING", "PAID", "CANCELLED"},
    "PAID": set[str](),
    "CANCELLED": {"PAID"},
}
SAME = UNCHANGED
#: ``late``: the answer is about an earlier attempt.
TABLE: dict[str, Row] = {
    "PENDING": {
        "asked": "SENDING", "paid": SAME, "too small": SAME, "processing": SAME, "declined": "FAILED",
        "to be confirmed": SAME, "paid late": SAME, "declined late": SAME, "given up": "CANCELLED",
    },
    "SENDING": {
        "asked": SAME, "paid": "PAID", "too small": "PAID", "processing": "PROCESSING", "declined": "FAILED",
        "to be confirmed": "ACTION_REQUIRED", "paid late": "PAID", "declined late": SAME, "given up": SAME,
    },
    "PROCESSING": {
        "asked": SAME, "paid": "PAID", "too small": "PAID", "processing": SAME, "declined": "FAILED",
        "to be confirmed": SAME, "paid late": "PAID", "declined late": SAME, "given up": SAME,
    },
    "ACTION_REQUIRED": {
        "asked": "SENDING", "paid": "PAID", "too small": "PAID", "processing": SAME, "declined": "FAILED",
        "to be confirmed": SAME, "paid late": "PAID", "declined late": SAME, "given up": "CANCELLED",
    },
    "FAILED": {
        "asked": "SENDING", "paid": "PAID", "too small": "PAID", "processing": SAME, "declined": SAME,
        "to be confirmed": SAME, "paid late": "PAID", "declined late": SAME, "given up": "CANCELLED",
    },
    "PAID": {
        "asked": SAME, "paid": SAME, "too small": SAME, "processing": SAME, "declined": SAME,
        "to be confirmed": SAME, "paid late": SAME, "declined late": SAME, "given up": SAME,
    },
    "CANCELLED": {
        "asked": SAME, "paid": "PAID", "too small": SAME, "processing": SAME, "declined": SAME,
        "to be confirmed": SAME, "paid late": "PAID", "declined late": SAME, "given up": SAME,
    },
}  # fmt: skip


@dataclass
class Billed(OnDesk):
    """An order, and the charge for it."""

    charge: Charge

    def outcome(self, state: str) -> ChargeOutcome:
        """What the processor says."""
        found = ChargeOutcome(state=state, processor_ref=f"pi_{self.charge.attempt}")
        if state == "paid":
            amount = Money(self.charge.amount, self.charge.currency)
            return replace(found, charge_ref="ch_1", amount=amount, fee=Money(30, "USD"), available_on=clock.now())
        if state == "declined":
            return replace(found, failure_code="card_declined", failure_message="Declined.", retryable=True)
        return replace(found, action_url="https://bank.example/") if state == "action_required" else found

    def hear(self, state: str, *, earlier: int = 0) -> None:
        self.session.flush()
        record_charge(self.session, self.charge.id, self.charge.attempt - earlier, self.outcome(state))

    def count(self, table: Any) -> int:
        return self.session.scalar(select(func.count()).select_from(table)) or 0

    def holds(self) -> list[str]:
        rows = select(OrderHold.reason).where(OrderHold.order_id == self.desk.order_id, OrderHold.released_at.is_(None))
        return list(self.session.scalars(rows))


def put(session: Session, state: str) -> Billed:
    """The way that leads to a state."""
    desk = Desk(session, released=False)
    record_customer(session, desk.retailer.id, processor="stripe", customer_ref="cus_1")
    record_method(session, desk.retailer.id, SavedMethod(method_ref="pm_1", label="Visa"))
    plan = plan_charge(session, desk.order_id)
    assert plan is not None
    billed = Billed(desk, session.get_one(Charge, plan.charge_id))
    # Not its first try, so that an answer may be about an earlier one.
    billed.hear("declined")
    assert plan_charge(session, desk.order_id) is not None
    answers = {"PROCESSING": "processing", "FAILED": "declined", "ACTION_REQUIRED": "action_required", "PAID": "paid"}
    if state == "PENDING":
        # It is written down, and nobody was asked yet.
        billed.charge.state = "PENDING"
    elif state == "CANCELLED":
        billed.hear("declined")
        cancel_all(billed)
        cancel_unpaid_charge(session, desk.order_id)
    elif state in answers:
        billed.hear(answers[state])
    session.flush()
    return billed


def cancel_all(billed: Billed) -> None:
    """The retailer cancels the order, and what follows from it."""
    desk = billed.desk
    goods = sum(line.quantity * line.wholesale_price for line in desk.lines)
    units = dict.fromkeys(line.order_line_id for line in desk.lines)
    ask_to_cancel(billed.session, desk.retailer.id, desk.order_id, units)
    withdraw_lines(billed.session, desk.order_id, desk.purchase_order.id, cause="cancelled", goods=goods)


def look(billed: Billed) -> Any:
    order = billed.desk.order()
    told = [billed.count(one) for one in (JournalEntry, OutboxEvent, Refund, TimelineEntry)]
    return columns(billed.charge), order.status, billed.holds(), told, billed.desk.status


def paid(billed: Billed) -> None:
    """Booked once, released, and nothing holds the order any more."""
    assert billed.count(JournalEntry) == 1
    assert billed.desk.purchase_order.released_at is not None
    assert billed.holds() == []
    assert billed.count(Refund) == 0


def paid_too_late(billed: Billed) -> None:
    """Nobody wants the goods any more: they are not released, and all of it goes back."""
    assert billed.desk.purchase_order.released_at is None
    assert billed.desk.order().status == "CANCELLED"
    refunds = list(billed.session.scalars(select(Refund).where(Refund.state == "PENDING")))
    assert sum(one.amount for one in refunds) == billed.charge.amount


def held(reason: str) -> Callable[[Billed], None]:
    def look_at(billed: Billed) -> None:
        assert billed.holds() == [reason]
        assert billed.desk.status == "ON_HOLD"
        assert billed.count(JournalEntry) == 0
        assert (billed.charge.retry_at is not None) is (reason == "payment_failed")

    return look_at


def another_try(billed: Billed) -> None:
    """A definite answer was there: another intent, with another key."""
    assert billed.charge.attempt == 3
    assert billed.charge.action_url is None


def given_up(billed: Billed) -> None:
    topics = list(billed.session.scalars(select(OutboxEvent.topic).order_by(OutboxEvent.id.desc()).limit(1)))
    assert topics == ["settlement.charge_given_up"]
    assert (billed.charge.retry_at, billed.charge.action_url) == (None, None)


EVENTS: dict[str, Callable[[Billed], object]] = {
    "asked": lambda one: plan_charge(one.session, one.desk.order_id),
    "paid": lambda one: one.hear("paid"),
    "too small": lambda one: one.hear("too_small"),
    "processing": lambda one: one.hear("processing"),
    "declined": lambda one: one.hear("declined"),
    "to be confirmed": lambda one: one.hear("action_required"),
    "paid late": lambda one: one.hear("paid", earlier=1),
    "declined late": lambda one: one.hear("declined", earlier=1),
    "given up": lambda one: cancel_unpaid_charge(one.session, one.desk.order_id),
}
OF_MOVE: dict[str, Callable[[Billed], None]] = {
    "PAID": paid,
    "FAILED": held("payment_failed"),
    "ACTION_REQUIRED": held("payment_action_required"),
    "CANCELLED": given_up,
}
EFFECTS = effects_of(TABLE, OF_MOVE)
EFFECTS |= {("CANCELLED", event): paid_too_late for event in ("paid", "paid late")}
EFFECTS |= {(current, "asked"): another_try for current in ("FAILED", "ACTION_REQUIRED")}
MACHINE = Machine(put=put, state=lambda one: columns(one.charge)["state"], look=look, events=EVENTS, effects=EFFECTS)


def test_a_charge_moves_as_the_table_says_and_in_no_other_way() -> None:
    agree(MOVES, CHARGE_MOVES, may_move, staying=True)


@pytest.mark.parametrize("current", MOVES)
def test_whatever_is_heard_of_a_charge_is_done_once_or_changes_nothing(session: Session, current: str) -> None:
    everything_happens(session, MACHINE, TABLE, current)


def test_a_charge_that_was_given_up_while_its_answer_was_awaited_ends_with_the_answer(session: Session) -> None:
    billed = put(session, "SENDING")
    cancel_all(billed)
    cancel_unpaid_charge(session, billed.desk.order_id)
    assert billed.charge.state == "SENDING"
    billed.hear("declined")
    assert billed.charge.state == "CANCELLED"
    assert billed.holds() == []


def test_the_last_try_of_a_card_is_not_followed_by_another(session: Session) -> None:
    billed = put(session, "FAILED")
    for _ in range(3):
        assert billed.charge.retry_at is not None
        assert billed.charge.retry_at > clock.now() + timedelta(hours=23)
        plan_charge(session, billed.desk.order_id)
        billed.hear("declined")
        if billed.charge.retry_at is None:
            break
    assert billed.charge.retry_at is None
