"""Bank transfers: a person says what has come in and what has gone out.

What the person says is booked, and kept as the bank's own line beside it, which the nightly comparison looks for.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.identity.service import platform_organisation
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.kit.money import Money
from app.settlement.models import Charge, Payout, PayoutAccount
from app.settlement.processor import BalanceLine, ChargeOutcome
from app.settlement.rules import PAID, PROCESSING
from app.settlement.service.charging import record_charge
from app.settlement.service.paying_out import record_payout
from app.settlement.service.plans import MANUAL
from app.settlement.service.reconciling import record_balance_lines

#: The adapter whose payments a person carries out.
PROCESSOR = MANUAL


def mark_received(session: Session, charge_id: UUID, *, reference: str) -> None:
    """A retailer's transfer has come in: the order goes on. Raises ``NotFound`` and ``Conflict``."""
    charge = session.scalar(select(Charge).where(Charge.id == charge_id, Charge.processor == PROCESSOR))
    if charge is None:
        raise NotFound("payment")
    if charge.state != PROCESSING:
        raise Conflict("This payment is not waited for any more.", code="not_waited_for")
    amount = Money(charge.amount + charge.along, charge.currency)
    outcome = ChargeOutcome(state="paid", processor_ref=reference, amount=amount, fee=Money.zero(charge.currency))
    if record_charge(session, charge_id, charge.attempt, outcome) != PAID:
        raise Conflict("This payment is not waited for any more.", code="not_waited_for")
    _note_line(session, "charge", charge_id, reference, amount)
    _audit(session, "settlement.transfer_received", "charge", charge_id, amount)


def mark_paid_out(session: Session, payout_id: UUID, *, reference: str) -> None:
    """The transfer to a supplier is made. Raises ``NotFound`` and ``Conflict``."""
    payout = session.scalar(
        select(Payout)
        .join(PayoutAccount, PayoutAccount.supplier_id == Payout.supplier_id)
        .where(Payout.id == payout_id, Payout.processor == PROCESSOR)
        .with_for_update(of=Payout)
    )
    if payout is None:
        raise NotFound("payout")
    if payout.state != "SCHEDULED":
        raise Conflict("This payout is paid already.", code="paid_already")
    amount = Money(payout.amount, payout.currency)
    record_payout(session, payout_id, reference)
    _note_line(session, "payout", payout_id, reference, -amount)
    _audit(session, "settlement.transfer_made", "payout", payout_id, amount)


def _note_line(session: Session, kind: str, about: UUID, reference: str, amount: Money) -> None:
    now = clock.now()
    line = BalanceLine(
        id=f"{PROCESSOR}:{kind}:{about}",
        kind=kind,
        source_ref=reference,
        amount=amount.minor,
        fee=0,
        net=amount.minor,
        currency=amount.currency,
        available_on=now,
        created_at=now,
    )
    record_balance_lines(session, PROCESSOR, [line])


def _audit(session: Session, action: str, kind: str, about: UUID, amount: Money) -> None:
    details = {"amount": amount.minor, "currency": amount.currency}
    audit.record(session, platform_organisation(session).id, action, kind, about, details=details)
