"""Charging a retailer for an order: planned, sent, answered."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.audit import service as audit
from app.config import settings
from app.db import together
from app.inventory.service import Wanted, reserve
from app.inventory.service.settling import aside_for
from app.kit import clock
from app.kit.ids import new_id
from app.kit.money import Money
from app.ledger.service import post
from app.orders import service as orders
from app.orders.models import Order
from app.orders.queries import orders_held_for
from app.orders.rules import ON_HOLD, PAYMENT_HOLDS, HoldReason
from app.outbox.service import emit
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.service import mark_held, release_purchase_orders
from app.settlement.events import AlongSettled, ChargeGivenUp, ChargePaid, ChargeWanted
from app.settlement.models import Charge, PaymentProfile
from app.settlement.processor import ChargeOutcome
from app.settlement.rules import (
    ACTION_REQUIRED,
    CANCELLED,
    FAILED,
    PAID,
    PENDING,
    PROCESSING,
    RETRY_AFTER,
    SENDING,
    PaidPart,
    carried_lines,
    charge_lines,
    may_move,
    taken_lines,
)
from app.settlement.service.carrying import take_along
from app.settlement.service.parts import parts_of, total_of
from app.settlement.service.plans import ANSWER_WITHIN, STATE_OF_OUTCOME, ChargePlan, begun_at, plan_of
from app.settlement.service.refunding import owe_back
from app.settlement.service.supplement_answers import note_supplement

_HOLD_OF_STATE = {
    FAILED: HoldReason.PAYMENT_FAILED,
    ACTION_REQUIRED: HoldReason.PAYMENT_ACTION_REQUIRED,
}


def plan_charge(session: Session, order_id: UUID) -> ChargePlan | None:
    """Get an order's charge ready to be sent: a new one to the processor in use, any other to where it was begun. None
    when there is nothing to do: no purchase orders, nothing to pay, paid already, or no method on file (which holds the
    order).

    An amount of zero releases the order at once. A charge that was asked for is asked about until its outcome is
    known, also when its order was cancelled meanwhile.
    """
    order = orders.locked(session, order_id)
    purchase_orders = [one for one in _purchase_orders(session, order_id) if one.rerouting_id is None]
    charge = _own_charge(session, order_id)
    if charge is not None and charge.state in (PAID, CANCELLED):
        return None
    if charge is not None and charge.state in (SENDING, PROCESSING):
        return plan_of(charge)
    if not purchase_orders or order.status == "CANCELLED":
        return None
    if not _stock_is_there(session, order):
        return None
    amount = total_of(parts_of(session, purchase_orders))
    if not amount:
        orders.release(session, order, list(PAYMENT_HOLDS))
        release_purchase_orders(session, order_id)
        return None
    profile = session.get(PaymentProfile, order.retailer_id)
    if profile is None or profile.method_ref is None:
        fail_without_method(session, order)
        return None
    new = charge is None
    if charge is None:
        charge = _new_charge(order, amount, profile)
        session.add(charge)
    elif charge.state in (FAILED, ACTION_REQUIRED):
        # A definite answer came: a new try is a new intent with a new key. The last one's id stays until the answer
        # is written down, so that giving it up survives a lost answer.
        charge.attempt += 1
        charge.action_url = None
    charge.amount, charge.currency = amount.minor, amount.currency
    if charge.processor == profile.processor:
        charge.customer_ref, charge.method_ref = profile.customer_ref, profile.method_ref
    charge.state, charge.updated_at, charge.retry_at = SENDING, clock.now(), None
    session.flush()
    if new:
        # Once only: each try asks for the same.
        take_along(session, charge)
    return plan_of(charge)


def record_charge(session: Session, charge_id: UUID, attempt: int, outcome: ChargeOutcome) -> str:
    """Write the processor's answer down. Returns the charge's state.

    Answers may repeat, come late or come twice (the call's and the hook's): what was paid stays paid, is booked
    once and released once. What is paid though its goods were withdrawn meanwhile is refunded. A payment of less
    than is owed, which only somebody at the processor can have made, pays for nothing: reconciliation shows it.
    """
    order = orders.locked(session, select(Charge.order_id).where(Charge.id == charge_id).scalar_subquery())
    charge = session.scalars(
        select(Charge).where(Charge.id == charge_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    state = STATE_OF_OUTCOME[outcome.state]
    if outcome.state == "too_small" and (order.status == "CANCELLED" or charge.state == CANCELLED):
        state = FAILED
    stale = attempt != charge.attempt and outcome.state != "paid"
    if stale or charge.state == PAID or not may_move(charge.state, state):
        return charge.state
    if charge.cause:
        note_supplement(session, order, charge, outcome, state)
        return charge.state
    found = _purchase_orders(session, order.id) if state == PAID else []
    purchase_orders = [one for one in found if one.rerouting_id is None]
    parts = parts_of(session, purchase_orders)
    if state == PAID and not _enough(parts, charge.along, outcome):
        return charge.state
    charge.processor_ref = outcome.processor_ref or None
    charge.updated_at = clock.now()
    previous, charge.state = charge.state, state
    if state == PAID:
        with together(session):
            _paid(session, order, charge, outcome, purchase_orders, parts)
    elif order.status == "CANCELLED":
        _give_up(session, charge)
    elif state in _HOLD_OF_STATE and (previous != state or _other_reason(charge, outcome)):
        _not_paid(session, order, charge, outcome)
    return state


def fail_without_method(session: Session, order: Order) -> None:
    """There is nothing to charge: the order waits for a method."""
    if orders.hold(session, order, HoldReason.NO_PAYMENT_METHOD):
        orders.tell(session, order, "money.no_method")
    mark_held(session, order.id, held=True)


def retry_held_charges(session: Session, retailer_id: UUID) -> int:
    """A new method is on file: orders that wait for payment are charged again. Returns how many."""
    waiting = orders_held_for(session, retailer_id, [str(reason) for reason in PAYMENT_HOLDS])
    emit(
        session,
        *(ChargeWanted(order_id=order_id, retailer_id=retailer_id) for order_id in dict.fromkeys(waiting)),
    )
    return len(waiting)


def cancel_unpaid_charge(session: Session, order_id: UUID) -> None:
    """The order was cancelled before it was paid: nothing is tried again, and the processor is told to take nothing
    any more. A charge whose answer is awaited ends when the answer is there."""
    charge = _own_charge(session, order_id)
    if charge is not None:
        _give_up(session, charge)


def _own_charge(session: Session, order_id: UUID) -> Charge | None:
    return session.scalar(select(Charge).where(Charge.order_id == order_id, Charge.cause == "").with_for_update())


def _give_up(session: Session, charge: Charge) -> None:
    if charge.state == CANCELLED or not may_move(charge.state, CANCELLED):
        return
    charge.state, charge.retry_at, charge.action_url, charge.updated_at = CANCELLED, None, None, clock.now()
    emit(session, ChargeGivenUp(order_id=charge.order_id, retailer_id=charge.retailer_id, charge_id=charge.id))


def due_retries(session: Session) -> Sequence[tuple[UUID, UUID]]:
    """Orders whose card is to be tried again now, and those whose answer never came: (order, retailer)."""
    rows = session.execute(
        select(Charge.order_id, Charge.retailer_id).where(
            Charge.cause == "",
            ((Charge.state == FAILED) & (Charge.retry_at <= clock.now()))
            | (Charge.state.in_((SENDING, PROCESSING)) & (Charge.updated_at < clock.now() - ANSWER_WITHIN)),
        )
    )
    return [(order_id, retailer_id) for order_id, retailer_id in rows]


def _enough(parts: Sequence[PaidPart], along: int, outcome: ChargeOutcome) -> bool:
    owed = total_of(parts)
    owed += Money(along, owed.currency)
    return outcome.amount is None or (outcome.amount.currency == owed.currency and owed <= outcome.amount)


def _paid(
    session: Session,
    order: Order,
    charge: Charge,
    outcome: ChargeOutcome,
    purchase_orders: Sequence[PurchaseOrder],
    parts: Sequence[PaidPart],
) -> None:
    now = clock.now()
    fee = outcome.fee or Money.zero(charge.currency)
    charge.paid_at, charge.charge_ref = now, outcome.charge_ref
    charge.processor_fee, charge.available_on = fee.minor, outcome.available_on
    charge.failure_code = charge.failure_message = charge.action_url = charge.retry_at = None
    charge.carried = outcome.state == "too_small"
    along = Money(0 if charge.carried else charge.along, charge.currency)
    if charge.along:
        emit(session, AlongSettled(charge_id=charge.id, retailer_id=order.retailer_id))
    if outcome.amount is not None:
        # An earlier attempt may have been for more.
        charge.amount = outcome.amount.minor - along.minor
    surplus = charge.amount - total_of(parts).minor
    if surplus > 0:
        owe_back(session, charge, surplus=surplus)
        # What is owed back was paid for.
        parts = parts_of(session, purchase_orders)
    whole = total_of(parts)
    if charge.carried:
        came = carried_lines(order.retailer_id, whole)
    else:
        came = [*taken_lines(whole + along, fee), *carried_lines(order.retailer_id, -along)]
    post(
        session,
        key=f"charge:{charge.id}",
        kind="charge",
        reference=("charge", charge.id),
        description=f"Order {order.number} charged",
        lines=[*came, *charge_lines(parts)],
        details={} if charge.carried else {"processor_ref": outcome.charge_ref or outcome.processor_ref},
    )
    message = "money.carried" if charge.carried else "money.charged"
    orders.tell(session, order, message, amount=str(Money(charge.amount, charge.currency)))
    if along:
        orders.tell(session, order, "money.along", amount=str(along))
    audit.record(
        session,
        order.retailer_id,
        "settlement.carried" if charge.carried else "settlement.charged",
        "charge",
        charge.id,
        details={"amount": charge.amount, "currency": charge.currency},
    )
    orders.release(session, order, list(PAYMENT_HOLDS))
    emit(session, ChargePaid(order_id=order.id, retailer_id=order.retailer_id, charge_id=charge.id))
    if order.status != "CANCELLED":
        if any(one.status == ON_HOLD for one in purchase_orders):
            mark_held(session, order.id, held=False)
        release_purchase_orders(session, order.id, purchase_orders)


def _other_reason(charge: Charge, outcome: ChargeOutcome) -> bool:
    """Whether the processor says something else than before: what the call and the hook both bring is told once."""
    known = (charge.failure_code, charge.failure_message, charge.action_url)
    return known != (outcome.failure_code, outcome.failure_message, outcome.action_url)


def _not_paid(session: Session, order: Order, charge: Charge, outcome: ChargeOutcome) -> None:
    charge.failure_code, charge.failure_message = outcome.failure_code, outcome.failure_message
    charge.action_url = outcome.action_url
    tries = charge.attempt - 1
    charge.retry_at = (
        clock.now() + RETRY_AFTER[tries]
        if outcome.retryable and charge.state == FAILED and tries < len(RETRY_AFTER)
        else None
    )
    reason = _HOLD_OF_STATE[charge.state]
    other = [one for one in PAYMENT_HOLDS if one is not reason]
    orders.hold(session, order, reason, details={"code": outcome.failure_code, "message": outcome.failure_message})
    orders.release(session, order, other)
    message = "money.action_required" if charge.state == ACTION_REQUIRED else "money.declined"
    orders.tell(session, order, message, reason=outcome.failure_message or "declined")
    mark_held(session, order.id, held=True)


def _stock_is_there(session: Session, order: Order) -> bool:
    """Units that were let go while the order waited are set aside again; if they are gone, the order waits for
    stock instead of being charged."""
    row = PurchaseOrderLine
    lacks = row.quantity - row.shipped - row.cancelled - aside_for(row.order_line_id, row.variant_id)
    rows = session.execute(
        select(row.order_line_id, row.variant_id, lacks)
        .join(PurchaseOrder, PurchaseOrder.id == row.purchase_order_id)
        .where(PurchaseOrder.order_id == order.id, lacks > 0)
    )
    missing = [Wanted(line_id, variant_id, units) for line_id, variant_id, units in rows]
    if not missing:
        return True
    expires_at = clock.now() + settings().payment_hold
    filled = reserve(session, order.retailer_id, missing, expires_at=expires_at, partial=True)
    if len(filled) < len(missing):
        orders.hold(session, order, HoldReason.OUT_OF_STOCK)
        mark_held(session, order.id, held=True)
        return False
    return True


def _purchase_orders(session: Session, order_id: UUID) -> Sequence[PurchaseOrder]:
    found = session.scalars(
        select(PurchaseOrder)
        .where(PurchaseOrder.order_id == order_id)
        .options(joinedload(PurchaseOrder.lines))
        .order_by(PurchaseOrder.id)
        .with_for_update(of=PurchaseOrder)
        .execution_options(populate_existing=True)
    )
    return found.unique().all()


def _new_charge(order: Order, amount: Money, profile: PaymentProfile) -> Charge:
    now = clock.now()
    return Charge(
        id=new_id(),
        order_id=order.id,
        retailer_id=order.retailer_id,
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
