"""The processor's answers about supplements, and what follows from them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.audit import service as audit
from app.kit import clock
from app.kit.money import Money
from app.orders import service as orders
from app.orders.models import Order
from app.settlement.models import Charge
from app.settlement.processor import ChargeOutcome
from app.settlement.rules import ACTION_REQUIRED, FAILED, PAID
from app.settlement.service import repricing, rerouting
from app.settlement.service.supplements import PRICE, give_up_supplement


def note_supplement(session: Session, order: Order, charge: Charge, outcome: ChargeOutcome, state: str) -> None:
    """Write an answer down, of a locked order and charge. Paid, what it pays for happens, or the money goes back where
    it can't happen any more; declined, it does not happen. A bank that wants a confirmation counts as declined: what
    is to be paid for does not wait for one."""
    if state == PAID and outcome.amount is not None and outcome.amount < Money(charge.amount, charge.currency):
        return
    given_up = charge.state == "CANCELLED"
    charge.processor_ref = outcome.processor_ref or None
    charge.state, charge.updated_at = state, clock.now()
    amount = Money(charge.amount, charge.currency)
    if state == PAID:
        fee = outcome.fee or Money.zero(charge.currency)
        charge.paid_at, charge.charge_ref = clock.now(), outcome.charge_ref
        charge.processor_fee, charge.available_on = fee.minor, outcome.available_on
        charge.carried = outcome.state == "too_small"
        if outcome.amount is not None:
            charge.amount = outcome.amount.minor
        session.flush()
        message = "money.supplement_carried" if charge.carried else "money.supplement"
        orders.tell(session, order, message, amount=str(Money(charge.amount, charge.currency)))
        audit.record(
            session,
            order.retailer_id,
            "settlement.carried" if charge.carried else "settlement.charged",
            "charge",
            charge.id,
            details={"amount": charge.amount, "currency": charge.currency, "cause": charge.cause.partition(":")[0]},
        )
        _carry_on(session, order, charge)
    elif state in (FAILED, ACTION_REQUIRED):
        charge.failure_code, charge.failure_message = outcome.failure_code, outcome.failure_message
        if not given_up:
            reason = outcome.failure_message or "declined"
            orders.tell(session, order, "money.supplement_declined", amount=str(amount), reason=reason)
        give_up_supplement(session, charge)
        session.flush()
        _carry_on(session, order, charge)


def _carry_on(session: Session, order: Order, charge: Charge) -> None:
    if charge.cause.startswith(f"{PRICE}:"):
        repricing.answered(session, order, charge)
    else:
        rerouting.answered(session, order, charge)
