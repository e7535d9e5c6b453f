"""A hold of every reason, and everything that can be done about it: who may release it, what trying again ends, and
that it is held once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.orders import service as orders
from app.orders.models import Order, OrderHold
from app.orders.rules import HoldReason, Releaser
from app.outbox.models import OutboxEvent
from app.purchasing.models import PurchaseOrder
from app.purchasing.service import release_holds, resume_order
from app.purchasing.service.placing import place_order
from tests import factories as make
from tests.state_tables import UNCHANGED, Machine, Refused, Row, everything_happens

GONE, SAME, NOT_YOURS = "released", UNCHANGED, Refused("nothing_to_release")


def _row(retailer: Any, all_of_mine: Any, platform: Any, again: Any) -> Row:
    return {
        "retailer, this one": retailer, "retailer, all": all_of_mine, "platform, this one": platform,
        "tried again": again, "held again": SAME,
    }  # fmt: skip


#: Ended by its own end or its retailer alone; by the platform alone; by what is put right, found by trying again.
OWN, PLATFORMS = _row(GONE, GONE, NOT_YOURS, SAME), _row(NOT_YOURS, NOT_YOURS, GONE, SAME)
MENDED = _row(NOT_YOURS, NOT_YOURS, NOT_YOURS, GONE)
TABLE: dict[str, Row] = {
    "out_of_stock": MENDED,
    "address_incomplete": MENDED,
    "not_shipped_there": MENDED,
    "not_on_offer": MENDED,
    "no_exchange_rate": MENDED,
    "routing_rules": MENDED,
    "no_payment_method": MENDED,
    "payment_failed": MENDED,
    "payment_action_required": MENDED,
    "test_order": _row(NOT_YOURS, NOT_YOURS, NOT_YOURS, SAME),
    "unlinked_lines": _row(NOT_YOURS, NOT_YOURS, NOT_YOURS, SAME),
    "unpaid": _row(GONE, Refused("customer_has_not_paid"), NOT_YOURS, SAME),
    "fraud_window": OWN,
    "risk_value": OWN,
    "risk_countries": OWN,
    "risk_velocity": OWN,
    "risk_platform": OWN,
    "address_doubtful": OWN,
    "manual": OWN,
    # Whether there is a place for it by now is looked up anew.
    "plan_limit": _row(NOT_YOURS, NOT_YOURS, GONE, GONE),
    "platform": PLATFORMS,
}


@dataclass
class Held:
    """An order that waits for one reason, and would go on without it."""

    session: Session
    order: Order
    reason: HoldReason

    def release(self, by: Releaser, reasons: Sequence[HoldReason] = ()) -> None:
        who = self.order.retailer_id if by is Releaser.RETAILER else None
        release_holds(self.session, who, self.order.id, by=by, reasons=reasons)

    def is_open(self) -> bool:
        query = select(OrderHold.id).where(OrderHold.order_id == self.order.id, OrderHold.released_at.is_(None))
        return self.session.scalar(query) is not None

    def made(self) -> int:
        return self.session.scalar(select(func.count()).select_from(PurchaseOrder)) or 0


def put(session: Session, reason: str) -> Held:
    retailer = make.retailer(session)
    (variant,) = make.product(session, make.supplier(session))
    wanted = replace(make.order_of(retailer, {variant: 2}, trouble="hold"), unpaid="pending")
    order = session.get_one(Order, place_order(session, wanted).order_id)
    if reason != "unpaid":
        orders.hold(session, order, HoldReason(reason), details={})
        orders.release(session, order, [HoldReason.UNPAID])
    session.flush()
    return Held(session, order, HoldReason(reason))


def state(held: Held) -> str:
    held.session.flush()
    return held.reason.value if held.is_open() else GONE


def look(held: Held) -> Any:
    told = held.session.scalar(select(func.count()).select_from(OutboxEvent))
    return held.made(), told, held.order.status


def goes_on(held: Held) -> None:
    """It is with its supplier."""
    assert held.made() == 1


EVENTS: dict[str, Callable[[Held], object]] = {
    "retailer, this one": lambda one: one.release(Releaser.RETAILER, [one.reason]),
    "retailer, all": lambda one: one.release(Releaser.RETAILER),
    "platform, this one": lambda one: one.release(Releaser.PLATFORM, [one.reason]),
    "tried again": lambda one: resume_order(one.session, one.order.id),
    "held again": lambda one: orders.hold(one.session, one.order, one.reason, details={}),
}
EFFECTS = {(reason, event): goes_on for reason, row in TABLE.items() for event, after in row.items() if after == GONE}
MACHINE = Machine(put=put, state=state, look=look, events=EVENTS, effects=EFFECTS)


def test_the_table_names_every_reason() -> None:
    assert set(TABLE) == set(HoldReason)


@pytest.mark.parametrize("reason", TABLE)
def test_whatever_is_done_about_a_hold_ends_it_as_its_table_says_or_says_why_not(session: Session, reason: str) -> None:
    everything_happens(session, MACHINE, TABLE, reason)
