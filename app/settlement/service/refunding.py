"""Giving money back for goods that will not come."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.identity.service import platform_organisation
from app.kit import clock
from app.kit.ids import new_id
from app.kit.money import Money
from app.ledger.queries import entries_about
from app.ledger.rules import Line
from app.ledger.service import post, reverse
from app.notifications.service import notify
from app.orders import service as orders
from app.outbox.service import emit
from app.purchasing.models import PurchaseOrder
from app.purchasing.rules import Share
from app.returns import service as returns
from app.settlement.events import RefundWanted
from app.settlement.models import Charge, Refund
from app.settlement.processor import RefundOutcome
from app.settlement.rules import PAID, PaidPart, credit_refund_lines, refund_lines
from app.settlement.service.shares import locked_purchase_order, next_share


def withdraw(session: Session, purchase_order_id: UUID, *, cause: str, goods: int) -> Refund | None:
    """Share out goods that were withdrawn from a purchase order (their value in its minor units). What was paid is
    refunded; what was not yet is left out of the charge. The same cause again changes nothing (None)."""
    purchase_order = locked_purchase_order(session, purchase_order_id)
    known = session.scalar(
        select(Refund.id).where(Refund.purchase_order_id == purchase_order_id, Refund.cause == cause)
    )
    if known is not None:
        return None
    charge = session.scalar(select(Charge).where(Charge.order_id == purchase_order.order_id).with_for_update())
    share, amount = next_share(session, purchase_order, goods)
    paid = charge is not None and charge.state == PAID
    refund = Refund(
        id=new_id(),
        charge_id=charge.id if charge is not None else None,
        purchase_order_id=purchase_order_id,
        retailer_id=purchase_order.retailer_id,
        amount=amount.minor,
        currency=amount.currency,
        goods=share.goods.minor,
        shipping=share.shipping.minor,
        platform_fee=share.fee.minor,
        cause=cause,
        state="PENDING" if paid else "WAIVED",
        attempt=1,
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    session.add(refund)
    session.flush()
    if paid and amount:
        assert charge is not None
        charge.refunded += amount.minor
        emit(session, RefundWanted(refund_id=refund.id, retailer_id=refund.retailer_id))
    elif paid:
        refund.state = "SUCCEEDED"
    return refund


def owe_back(session: Session, charge: Charge, *, surplus: int) -> None:
    """A payment that came late took ``surplus`` for goods withdrawn since it was asked for: those are refunded after
    all. The newest withdrawals are the ones that it did not know."""
    waived = session.scalars(
        select(Refund)
        .join(PurchaseOrder, PurchaseOrder.id == Refund.purchase_order_id)
        .where(PurchaseOrder.order_id == charge.order_id, Refund.state == "WAIVED", Refund.amount > 0)
        .order_by(Refund.id.desc())
        .with_for_update(of=Refund)
    ).all()
    for refund in waived:
        if refund.amount > surplus:
            break
        surplus -= refund.amount
        refund.charge_id, refund.state, refund.updated_at = charge.id, "PENDING", clock.now()
        charge.refunded += refund.amount
        emit(session, RefundWanted(refund_id=refund.id, retailer_id=refund.retailer_id))
    session.flush()


@dataclass(frozen=True, slots=True)
class RefundPlan:
    """What is to be asked of the processor."""

    refund_id: UUID
    key: str
    charge_ref: str
    amount: Money


def plan_refund(session: Session, refund_id: UUID) -> RefundPlan | None:
    """Get a refund ready to be sent; None when it is done."""
    refund = session.scalars(select(Refund).where(Refund.id == refund_id).with_for_update()).one()
    if refund.state not in ("PENDING", "SENDING") or refund.charge_id is None:
        return None
    charge = session.get_one(Charge, refund.charge_id)
    if charge.charge_ref is None:
        return None
    refund.state, refund.updated_at = "SENDING", clock.now()
    return RefundPlan(
        refund.id,
        f"refund:{refund.id}:{refund.attempt}",
        charge.charge_ref,
        Money(refund.amount, refund.currency),
    )


def record_refund(session: Session, refund_id: UUID, outcome: RefundOutcome) -> None:
    """Write the processor's answer down; a success is booked once. One that fails after all (the bank sent it back)
    is booked back: https://docs.stripe.com/refunds#failed-refunds."""
    refund = session.scalars(
        select(Refund).where(Refund.id == refund_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if refund.state == "FAILED" or (refund.state == "SUCCEEDED" and outcome.state != "failed"):
        return
    refund.processor_ref, refund.updated_at = outcome.processor_ref or refund.processor_ref, clock.now()
    if outcome.state == "failed":
        _book_back(session, refund)
        refund.state, refund.failure = "FAILED", outcome.failure
        _tell_of_failure(session, refund)
        return
    # Pending refunds leave our balance at once: the processor has taken the money.
    refund.state = "SUCCEEDED"
    purchase_order = locked_purchase_order(session, refund.purchase_order_id)
    amount = Money(refund.amount, refund.currency)
    post(
        session,
        key=f"refund:{refund.id}",
        kind="refund",
        reference=("refund", refund.id),
        description=f"Refund for {purchase_order.number}",
        lines=_refund_lines(refund, purchase_order),
        details={"processor_ref": outcome.processor_ref},
    )
    order = orders.locked(session, purchase_order.order_id)
    orders.tell(session, order, "money.refunded", amount=str(amount))
    audit.record(session, refund.retailer_id, "settlement.refunded", "refund", refund.id)
    if refund.credit_memo_id is not None:
        returns.note_refunded(session, refund.credit_memo_id)


def _refund_lines(refund: Refund, purchase_order: PurchaseOrder) -> list[Line]:
    amount, currency = Money(refund.amount, refund.currency), purchase_order.currency
    if refund.credit_memo_id is not None:
        return credit_refund_lines(refund.retailer_id, amount)
    share = Share(Money(refund.goods, currency), Money(refund.shipping, currency), Money(refund.platform_fee, currency))
    return refund_lines(PaidPart(purchase_order.supplier_id, amount, share))


def _tell_of_failure(session: Session, refund: Refund) -> None:
    """The retailer knows that it is still owed the money, and the platform's people that they must give it back in
    another way."""
    number, order_id = session.execute(
        select(PurchaseOrder.number, PurchaseOrder.order_id).where(PurchaseOrder.id == refund.purchase_order_id)
    ).one()
    amount = Money(refund.amount, refund.currency)
    notify(
        session,
        refund.retailer_id,
        kind="refund_failed",
        # A person ends it outside of here, and dismisses the notice then.
        severity="info",
        title="A refund did not go through",
        body=f"{amount} for {number} could not be given back. We are looking into it; the money is still owed to you.",
        link="/app/billing",
        dedupe=f"refund_failed:{refund.id}",
    )
    notify(
        session,
        platform_organisation(session).id,
        kind="refund_failed",
        # A person ends it outside of here, and dismisses the notice then.
        severity="info",
        title=f"A refund for {number} did not go through",
        body=f"{amount} is still owed to the retailer: {refund.failure}. Give it back in another way.",
        link=f"/console/orders/{order_id}",
        dedupe=f"refund_failed:{refund.id}",
    )


def _book_back(session: Session, refund: Refund) -> None:
    """Nothing was given back after all. What was booked, if it had succeeded before, is reversed."""
    for entry in entries_about(session, "refund", str(refund.id)):
        reverse(session, entry.id, key=f"refund:{refund.id}:failed", description="The refund came back")
    charge = session.scalars(select(Charge).where(Charge.id == refund.charge_id).with_for_update()).one()
    charge.refunded -= refund.amount
    if refund.credit_memo_id is not None:
        returns.note_refund_failed(session, refund.credit_memo_id)
