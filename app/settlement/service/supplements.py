"""Supplements: what an order costs more after it was paid, because a supplier became dearer or another one steps in.

A supplement is tried once. What it pays for happens when it is paid, or carried since it is too little for a charge;
when the card is declined, it does not happen.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit import clock
from app.kit.ids import new_id
from app.kit.money import Money
from app.ledger.rules import AccountKind, Line
from app.ledger.service import post
from app.orders.models import Order
from app.outbox.service import emit
from app.settlement.events import ChargeGivenUp, SupplementWanted
from app.settlement.models import Charge, PaymentProfile
from app.settlement.rules import (
    CANCELLED,
    PAID,
    PENDING,
    PROCESSING,
    SENDING,
    PaidPart,
    carried_lines,
    may_move,
    moved_lines,
    taken_lines,
)
from app.settlement.service.plans import ANSWER_WITHIN, ChargePlan, begun_at, plan_of

PRICE, REROUTING = "price", "rerouting"

#: What rounding can make of shares while a supplement is being paid, in minor units; the platform bears it.
ROUNDING = 5


def want_supplement(session: Session, order: Order, amount: Money, *, cause: str) -> Charge | None:
    """Have the order's retailer charged. None where there is no method on file."""
    profile = session.get(PaymentProfile, order.retailer_id)
    if profile is None or profile.method_ref is None:
        return None
    now = clock.now()
    charge = Charge(
        id=new_id(),
        order_id=order.id,
        retailer_id=order.retailer_id,
        cause=cause,
        amount=amount.minor,
        currency=amount.currency,
        refunded=0,
        state=PENDING,
        attempt=1,
        processor=begun_at(profile),
        customer_ref=profile.customer_ref,
        method_ref=profile.method_ref,
        created_at=now,
        updated_at=now,
    )
    session.add(charge)
    session.flush()
    emit(session, SupplementWanted(charge_id=charge.id, order_id=order.id, retailer_id=order.retailer_id))
    return charge


def plan_supplement(session: Session, charge_id: UUID) -> ChargePlan | None:
    """Get a supplement ready to be sent. None when its answer is known."""
    charge = session.scalars(select(Charge).where(Charge.id == charge_id).with_for_update()).one()
    if charge.state not in (PENDING, SENDING, PROCESSING):
        return None
    if charge.state == PENDING:
        charge.state = SENDING
    charge.updated_at = clock.now()
    session.flush()
    return plan_of(charge)


def supplements_to_ask(session: Session) -> Sequence[Charge]:
    """Supplements whose answer has not come."""
    return session.scalars(
        select(Charge).where(
            Charge.cause != "",
            Charge.state.in_((PENDING, SENDING, PROCESSING)),
            Charge.updated_at < clock.now() - ANSWER_WITHIN,
        )
    ).all()


def give_up_supplement(session: Session, charge: Charge) -> None:
    """What it would pay for does not happen: nothing is to be taken any more. One whose answer is awaited ends when
    the answer is there."""
    if charge.state == CANCELLED or not may_move(charge.state, CANCELLED):
        return
    charge.state, charge.action_url, charge.updated_at = CANCELLED, None, clock.now()
    emit(session, ChargeGivenUp(order_id=charge.order_id, retailer_id=charge.retailer_id, charge_id=charge.id))


def book_change(
    session: Session,
    order: Order,
    charge: Charge | None,
    *,
    key: str,
    description: str,
    now_owed: Sequence[PaidPart] = (),
    no_longer: Sequence[PaidPart] = (),
) -> int:
    """Book what is owed to suppliers from now on and what no longer is; a supplement that was paid comes in with it.
    Returns what is left over in minor units of the retailer's currency, which is booked as owed to it.

    A change that comes short of what was paid is a mistake of the caller's.
    """
    paid = charge if charge is not None and charge.state == PAID else None
    amount = paid.amount if paid is not None else 0
    owed = sum(part.charged.minor for part in now_owed) - sum(part.charged.minor for part in no_longer)
    left = amount - owed
    if left < 0:
        raise ValueError("less was paid than is owed")
    parts = [*now_owed, *no_longer]
    currency = charge.currency if charge is not None else parts[0].charged.currency
    lines = moved_lines(now_owed, no_longer)
    if paid is not None:
        whole = Money(amount, currency)
        if paid.carried:
            lines += carried_lines(order.retailer_id, whole)
        else:
            lines += taken_lines(whole, Money(paid.processor_fee or 0, currency))
    if left:
        lines.append(Line(AccountKind.RETAILER_PAYABLE, Money(-left, currency), order.retailer_id))
    if any(line.amount for line in lines):
        taken = paid is not None and not paid.carried
        details = {"processor_ref": paid.charge_ref or paid.processor_ref} if paid is not None and taken else {}
        about = ("charge", paid.id) if paid is not None else ("order", order.id)
        post(session, key=key, kind="change", reference=about, description=description, lines=lines, details=details)
    return left
