"""A refund to a retailer in every state, and everything that can be heard of it: given back once, and booked so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.ledger.models import JournalEntry, Posting
from app.notifications.models import Notice
from app.settlement.models import Charge, Refund
from app.settlement.processor import RefundOutcome
from app.settlement.rules import REFUND_MOVES, refund_may_move
from app.settlement.service import plan_refund, record_refund
from app.settlement.service.withdrawing import withdraw_lines
from tests.domains.purchasing.desk import OnDesk
from tests.domains.settlement.test_charge_states import put as put_charge
from tests.state_tables import UNCHANGED, Machine, Row, agree, columns, effects_of, everything_happens

MOVES = {
    "PENDING": {"SENDING", "SUCCEEDED", "FAILED"},
    "SENDING": {"SUCCEEDED", "FAILED"},
    "SUCCEEDED": {"FAILED"},
    "FAILED": set[str](),
    "WAIVED": {"PENDING"},
    "MOVED": set[str](),
}
SAME = UNCHANGED
TABLE: dict[str, Row] = {
    "PENDING": {
        "asked": "SENDING", "done": "SUCCEEDED", "under way": "SUCCEEDED", "failed": "FAILED", "again": SAME,
    },
    "SENDING": {
        "asked": "SENDING", "done": "SUCCEEDED", "under way": "SUCCEEDED", "failed": "FAILED", "again": SAME,
    },
    "SUCCEEDED": {"asked": SAME, "done": SAME, "under way": SAME, "failed": "FAILED", "again": SAME},
    "FAILED": {"asked": SAME, "done": SAME, "under way": SAME, "failed": SAME, "again": SAME},
    "WAIVED": {"asked": SAME, "done": SAME, "under way": SAME, "failed": SAME, "again": SAME},
    "MOVED": {"asked": SAME, "done": SAME, "under way": SAME, "failed": SAME, "again": SAME},
}  # fmt: skip


@dataclass
class GivenBack(OnDesk):
    """What was paid for an order of which nothing comes, and its refund."""

    refund: Refund

    def hear(self, state: str) -> None:
        self.session.flush()
        outcome = RefundOutcome(state=state, processor_ref="re_1", failure="The card is closed.")
        record_refund(self.session, self.refund.id, outcome)

    def charge(self) -> Charge:
        return self.session.scalars(select(Charge).where(Charge.order_id == self.desk.order_id)).one()

    def booked(self) -> int:
        """What of the refund the books say."""
        about = select(JournalEntry.id).where(JournalEntry.idempotency_key.like(f"refund:{self.refund.id}%"))
        given = select(func.sum(Posting.amount)).where(Posting.entry_id.in_(about), Posting.amount > 0)
        entries = len(self.session.scalars(about).all())
        assert entries in (0, 1, 2)
        return 0 if entries != 1 else int(self.session.scalar(given) or 0)

    def notices(self) -> int:
        return len(self.session.scalars(select(Notice.id).where(Notice.kind == "refund_failed")).all())

    def withdraw(self) -> None:
        """What it gives back is withdrawn once more."""
        goods = sum(line.quantity * line.wholesale_price for line in self.desk.lines)
        withdraw_lines(self.session, self.desk.order_id, self.desk.purchase_order.id, cause="cancelled", goods=goods)


def put(session: Session, state: str) -> GivenBack:
    paid = put_charge(session, "PAID")
    made = GivenBack(paid.desk, Refund())
    for which in range(2):
        paid.desk.cancel(which)
    made.withdraw()
    made.refund = session.scalars(select(Refund)).one()
    if state in ("SENDING", "SUCCEEDED", "FAILED"):
        plan_refund(session, made.refund.id)
    if state in ("SUCCEEDED", "FAILED"):
        made.hear("succeeded" if state == "SUCCEEDED" else "failed")
    if state in ("WAIVED", "MOVED"):
        # As if it had been withdrawn before it was paid, or for a supplier that steps in.
        made.refund.state = state
    session.flush()
    return made


def look(one: GivenBack) -> Any:
    return columns(one.refund), columns(one.charge())["refunded"], one.booked(), one.notices()


def given_back(one: GivenBack) -> None:
    assert one.booked() >= one.refund.amount
    assert one.charge().refunded == one.refund.amount
    assert one.notices() == 0


def not_given_back(one: GivenBack) -> None:
    """Still owed, and both the retailer and the platform know."""
    assert one.booked() == 0
    assert one.charge().refunded == 0
    assert one.notices() == 2


EVENTS: dict[str, Callable[[GivenBack], object]] = {
    "asked": lambda one: plan_refund(one.session, one.refund.id),
    "done": lambda one: one.hear("succeeded"),
    "under way": lambda one: one.hear("pending"),
    "failed": lambda one: one.hear("failed"),
    "again": lambda one: one.withdraw(),
}
EFFECTS = effects_of(TABLE, {"SUCCEEDED": given_back, "FAILED": not_given_back})
MACHINE = Machine(
    put=put, state=lambda one: columns(one.refund)["state"], look=look, events=EVENTS, effects=EFFECTS, anew=True
)


def test_a_refund_moves_as_the_table_says_and_in_no_other_way() -> None:
    agree(MOVES, REFUND_MOVES, refund_may_move, staying=False)


@pytest.mark.parametrize("current", MOVES)
def test_whatever_is_heard_of_a_refund_it_is_given_back_once(session: Session, current: str) -> None:
    everything_happens(session, MACHINE, TABLE, current)
