"""A payout in every state, and everything that clock, processor and people can do: asked for, paid and booked once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kit import clock
from app.kit.ids import new_id
from app.ledger.models import JournalEntry
from app.notifications.models import Notice
from app.outbox.models import OutboxEvent
from app.settlement.models import Payout, PayoutAccount
from app.settlement.rules import PAYOUT_MOVES, payout_may_move
from app.settlement.service import hold_payout, plan_payout, record_payout, schedule_payouts
from tests import factories as make
from tests.state_tables import UNCHANGED, Machine, Row, agree, columns, effects_of, everything_happens

MOVES = {
    "SCHEDULED": {"SENDING", "PAID"},
    "SENDING": {"PAID", "HELD"},
    "HELD": {"SCHEDULED", "PAID"},
    "PAID": set[str](),
}
SAME = UNCHANGED
#: ``asked``: the processor is about to be; ``soon`` and ``later``: the clock looks for payouts.
TABLE: dict[str, Row] = {
    "SCHEDULED": {"asked": "SENDING", "paid": "PAID", "refused": SAME, "soon": SAME, "later": SAME},
    "SENDING": {"asked": "SENDING", "paid": "PAID", "refused": "HELD", "soon": SAME, "later": SAME},
    "HELD": {"asked": SAME, "paid": "PAID", "refused": SAME, "soon": SAME, "later": "SCHEDULED"},
    "PAID": {"asked": SAME, "paid": SAME, "refused": SAME, "soon": SAME, "later": SAME},
}


@dataclass
class Owed:
    """A payout of a supplier."""

    session: Session
    payout: Payout

    def schedule(self, minutes: int) -> None:
        self.session.flush()
        with clock.shifted(timedelta(minutes=minutes)):
            schedule_payouts(self.session)

    def count(self, table: Any) -> int:
        return self.session.scalar(select(func.count()).select_from(table)) or 0

    def notices(self) -> int:
        open_ones = select(Notice.id).where(Notice.kind == "payout_held", Notice.resolved_at.is_(None))
        return len(self.session.scalars(open_ones).all())


def put(session: Session, state: str) -> Owed:
    supplier, now = make.supplier(session), clock.now()
    session.add(
        PayoutAccount(
            supplier_id=supplier.id, processor="stripe", account_ref="acct_1", capability="active", requirements={},
            updated_at=now - timedelta(days=1),
        )
    )  # fmt: skip
    payout = Payout(
        id=new_id(), supplier_id=supplier.id, amount=900, currency="USD", state="SCHEDULED", attempt=1,
        processor="stripe", account_ref="acct_1", created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(payout)
    session.flush()
    if state != "SCHEDULED":
        plan_payout(session, payout.id)
    if state == "HELD":
        hold_payout(session, payout.id, "The account is closed.")
    if state == "PAID":
        record_payout(session, payout.id, "tr_1")
    return Owed(session, payout)


def look(one: Owed) -> Any:
    return columns(one.payout), one.count(JournalEntry), one.count(OutboxEvent), one.notices()


def paid(one: Owed) -> None:
    assert one.count(JournalEntry) == 1
    assert columns(one.payout)["failure"] is None
    assert one.notices() == 0


def held(one: Owed) -> None:
    assert one.notices() == 1
    assert one.count(JournalEntry) == 0


def another_try(one: Owed) -> None:
    assert columns(one.payout)["attempt"] == 2, "another key: the refusal was definite"


EVENTS: dict[str, Callable[[Owed], object]] = {
    "asked": lambda one: plan_payout(one.session, one.payout.id),
    "paid": lambda one: record_payout(one.session, one.payout.id, "tr_1"),
    "refused": lambda one: hold_payout(one.session, one.payout.id, "The account is closed."),
    "soon": lambda one: one.schedule(1),
    "later": lambda one: one.schedule(20),
}
EFFECTS = effects_of(TABLE, {"PAID": paid, "HELD": held, "SCHEDULED": another_try})
MACHINE = Machine(put=put, state=lambda one: columns(one.payout)["state"], look=look, events=EVENTS, effects=EFFECTS)


def test_a_payout_moves_as_the_table_says_and_in_no_other_way() -> None:
    agree(MOVES, PAYOUT_MOVES, payout_may_move, staying=False)


@pytest.mark.parametrize("current", MOVES)
def test_whatever_is_heard_of_a_payout_it_is_paid_and_booked_once(session: Session, current: str) -> None:
    everything_happens(session, MACHINE, TABLE, current)
