"""Paying suppliers: the amount is frozen in a row before the processor is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.kit import clock
from app.kit.ids import new_id
from app.kit.money import Money
from app.ledger.service import post
from app.notifications.service import notify, resolve
from app.outbox.service import emit
from app.settlement.events import PayoutSent, PayoutWanted
from app.settlement.models import Earning, Payout, PayoutAccount
from app.settlement.rules import HELD, PAID, SENDING, payout_lines, payout_may_move

#: A payout whose answer has not come after this is asked about again.
_ANSWER_WITHIN = timedelta(minutes=2)
#: A payout that was refused is tried again after this, or as soon as its account has changed.
_TRY_AGAIN_AFTER = timedelta(minutes=15)


def schedule_payouts(session: Session) -> int:
    """Make a payout for each supplier and currency that has payable earnings, an active account, and no payout
    under way; and try again those that were held. Returns how many are to be sent."""
    wanted = _held_again(session)
    rows = session.execute(
        select(Earning.supplier_id, Earning.currency)
        .join(PayoutAccount, PayoutAccount.supplier_id == Earning.supplier_id)
        .where(Earning.state == "PAYABLE", PayoutAccount.capability.in_(("active", "by_hand")))
        .group_by(Earning.supplier_id, Earning.currency)
    ).all()
    for supplier_id, currency in rows:
        under_way = session.scalar(
            select(Payout.id).where(
                Payout.supplier_id == supplier_id,
                Payout.currency == currency,
                Payout.state.in_(("SCHEDULED", "SENDING", "HELD")),
            )
        )
        if under_way is None:
            wanted += _schedule_one(session, supplier_id, currency)
    return wanted


def _schedule_one(session: Session, supplier_id: UUID, currency: str) -> int:
    earnings = session.scalars(
        select(Earning)
        .where(Earning.supplier_id == supplier_id, Earning.currency == currency, Earning.state == "PAYABLE")
        .order_by(Earning.id)
        .with_for_update()
    ).all()
    amount = sum(earning.amount for earning in earnings)
    if amount <= 0:
        return 0
    account = session.get_one(PayoutAccount, supplier_id)
    now = clock.now()
    payout = Payout(
        id=new_id(),
        supplier_id=supplier_id,
        amount=amount,
        currency=currency,
        state="SCHEDULED",
        attempt=1,
        processor=account.processor,
        account_ref=account.account_ref,
        created_at=now,
        updated_at=now,
    )
    session.add(payout)
    session.flush()
    for earning in earnings:
        earning.state, earning.payout_id = "PAID", payout.id
    if account.capability == "by_hand":
        # It stays scheduled until a person has made the transfer: ``app/settlement/service/by_hand.py``.
        return 0
    emit(session, PayoutWanted(payout_id=payout.id, supplier_id=supplier_id))
    return 1


def _held_again(session: Session) -> int:
    held = session.scalars(
        select(Payout)
        .join(PayoutAccount, PayoutAccount.supplier_id == Payout.supplier_id)
        .where(
            Payout.state == "HELD",
            PayoutAccount.capability == "active",
            (Payout.updated_at <= clock.now() - _TRY_AGAIN_AFTER) | (PayoutAccount.updated_at > Payout.updated_at),
        )
        .with_for_update(of=Payout, skip_locked=True)
    ).all()
    for payout in held:
        # The refusal was definite, so this is a new try with a new key.
        payout.state, payout.attempt, payout.failure = "SCHEDULED", payout.attempt + 1, None
        emit(session, PayoutWanted(payout_id=payout.id, supplier_id=payout.supplier_id))
    return len(held)


@dataclass(frozen=True, slots=True)
class PayoutPlan:
    """What is to be asked of the processor that the supplier's account is at. ``unsure``: it may have been asked before
    without an answer."""

    payout_id: UUID
    processor: str
    attempt: int
    key: str
    account_ref: str
    amount: Money
    unsure: bool


def plan_payout(session: Session, payout_id: UUID) -> PayoutPlan | None:
    """Get a payout ready to be sent; None when it is done or held."""
    payout = session.scalars(select(Payout).where(Payout.id == payout_id).with_for_update()).one()
    unsure = payout.state == SENDING
    if not unsure and not payout_may_move(payout.state, SENDING):
        return None
    payout.state, payout.updated_at = SENDING, clock.now()
    return PayoutPlan(
        payout.id,
        payout.processor,
        payout.attempt,
        f"payout:{payout.id}:{payout.attempt}",
        payout.account_ref,
        Money(payout.amount, payout.currency),
        unsure,
    )


def record_payout(session: Session, payout_id: UUID, processor_ref: str) -> None:
    """The money is on its way; booked once."""
    payout = session.scalars(
        select(Payout).where(Payout.id == payout_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if not payout_may_move(payout.state, PAID):
        return
    now = clock.now()
    payout.state, payout.processor_ref, payout.paid_at, payout.updated_at = PAID, processor_ref, now, now
    payout.failure = None
    amount = Money(payout.amount, payout.currency)
    post(
        session,
        key=f"payout:{payout.id}",
        kind="payout",
        reference=("payout", payout.id),
        description="Paid out to supplier",
        lines=payout_lines(payout.supplier_id, amount),
        details={"processor_ref": processor_ref},
    )
    audit.record(session, payout.supplier_id, "settlement.paid_out", "payout", payout.id)
    resolve(session, payout.supplier_id, f"payout_held:{payout.id}")
    emit(session, PayoutSent(payout_id=payout.id, supplier_id=payout.supplier_id))


def hold_payout(session: Session, payout_id: UUID, reason: str) -> None:
    """The processor refused for certain: the payout waits and is tried again by itself."""
    payout = session.scalars(select(Payout).where(Payout.id == payout_id).with_for_update()).one()
    if not payout_may_move(payout.state, HELD):
        return
    payout.state, payout.failure, payout.updated_at = HELD, reason, clock.now()
    notify(
        session,
        payout.supplier_id,
        kind="payout_held",
        severity="warning",
        title="A payout is held",
        body=reason,
        link="/supplier/statements",
        dedupe=f"payout_held:{payout.id}",
    )


def stuck_payouts(session: Session) -> Sequence[UUID]:
    """Payouts whose answer never came."""
    return session.scalars(
        select(Payout.id).where(Payout.state == "SENDING", Payout.updated_at < clock.now() - _ANSWER_WITHIN)
    ).all()
