"""Giving money back for goods that will not come."""

from __future__ import annotations

from collections.abc import Sequence
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
from app.orders.models import Order
from app.outbox.service import emit
from app.purchasing.models import PurchaseOrder
from app.purchasing.rules import Share
from app.returns import service as returns
from app.settlement.events import RefundWanted
from app.settlement.models import Charge, Refund
from app.settlement.processor import RefundOutcome
from app.settlement.rules import (
    FAILED,
    PAID,
    SENDING,
    SUCCEEDED,
    PaidPart,
    carried_lines,
    credit_refund_lines,
    given_lines,
    refund_lines,
    refund_may_move,
)
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
    share, amount = next_share(session, purchase_order, goods)
    refund = share_refund(purchase_order, share, amount, cause=cause)
    session.add(refund)
    if not settle_share(session, purchase_order, refund, paid=_is_paid(session, purchase_order)):
        refund.state = "WAIVED"
    session.flush()
    return refund


def share_refund(purchase_order: PurchaseOrder, share: Share, amount: Money, *, cause: str) -> Refund:
    """A row that gives back a share of a purchase order; ``settle_share`` says how."""
    now = clock.now()
    return Refund(
        id=new_id(),
        purchase_order_id=purchase_order.id,
        retailer_id=purchase_order.retailer_id,
        kind="share",
        amount=amount.minor,
        rest=0,
        currency=amount.currency,
        goods=share.goods.minor,
        shipping=share.shipping.minor,
        platform_fee=share.fee.minor,
        cause=cause,
        state="PENDING",
        attempt=1,
        created_at=now,
        updated_at=now,
    )


def settle_share(session: Session, purchase_order: PurchaseOrder, refund: Refund, *, paid: bool) -> bool:
    """Have a share given back by the payments that were made for its order, the order's own first. False where it was
    not paid."""
    charges = locked_charges(session, purchase_order.order_id)
    own = next((one for one in charges if not one.cause), None)
    refund.charge_id = own.id if own is not None else None
    refund.updated_at = clock.now()
    if not paid:
        return False
    portions = portions_of(charges, refund.amount)
    if not portions:
        # Worth less than the payment's smallest coin: nothing goes back, and the goods are owed to nobody.
        refund.state = "SUCCEEDED"
        lines = _refund_lines(refund, purchase_order)
        if any(line.amount for line in lines):
            post(
                session,
                key=f"refund:{refund.id}",
                kind="refund",
                reference=("refund", refund.id),
                description=f"Nothing to refund for {purchase_order.number}",
                lines=lines,
            )
        return True
    whole, (charge, first) = refund.amount, portions[0]
    refund.state, refund.charge_id = "PENDING", charge.id
    refund.amount, refund.rest = first, whole - first
    charge.refunded += first
    session.flush()
    emit(session, RefundWanted(refund_id=refund.id, retailer_id=refund.retailer_id))
    for number, (other, part) in enumerate(portions[1:], start=1):
        _difference(session, purchase_order, other, part, kind="rest", cause=f"{refund.cause}:rest:{number}")
    return True


def give_difference(session: Session, purchase_order: PurchaseOrder, amount: int, *, cause: str) -> None:
    """Give back what is owed beside the shares, and booked as owed: so much of the order's payments."""
    for number, (charge, part) in enumerate(portions_of(locked_charges(session, purchase_order.order_id), amount)):
        _difference(session, purchase_order, charge, part, kind="difference", cause=f"{cause}:{number}")


def locked_charges(session: Session, order_id: UUID) -> Sequence[Charge]:
    """All charges of an order, its own first, locked."""
    return session.scalars(
        select(Charge)
        .where(Charge.order_id == order_id)
        .order_by(Charge.cause != "", Charge.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def portions_of(charges: Sequence[Charge], amount: int) -> list[tuple[Charge, int]]:
    """So much of what was paid and is not given back yet: of one payment where one has enough."""
    if not amount or not charges:
        return []
    free = [(one, one.amount - one.refunded) for one in charges if one.state == PAID and one.amount > one.refunded]
    enough = next(((one, amount) for one, left in free if left >= amount), None)
    if enough is not None:
        return [enough]
    found = []
    for one, left in free:
        part = min(left, amount)
        if part:
            found.append((one, part))
            amount -= part
    if amount:
        raise ValueError("more is to be given back than was paid")
    return found


def _difference(
    session: Session, purchase_order: PurchaseOrder, charge: Charge, amount: int, *, kind: str, cause: str
) -> None:
    nothing = Money.zero(purchase_order.currency)
    refund = share_refund(purchase_order, Share(nothing, nothing, nothing), Money(amount, charge.currency), cause=cause)
    refund.kind, refund.charge_id = kind, charge.id
    session.add(refund)
    charge.refunded += amount
    session.flush()
    emit(session, RefundWanted(refund_id=refund.id, retailer_id=refund.retailer_id))


def _is_paid(session: Session, purchase_order: PurchaseOrder) -> bool:
    """Whether the retailer has paid for a purchase order: with its order, or, for one that stepped in for another one,
    when it was released."""
    if purchase_order.rerouting_id is not None:
        return purchase_order.released_at is not None
    paid = select(Charge.id).where(Charge.order_id == purchase_order.order_id, Charge.state == PAID).limit(1)
    return session.scalar(paid) is not None


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
    """What is to be asked of the processor that took the money."""

    refund_id: UUID
    processor: str
    key: str
    charge_ref: str
    amount: Money


def plan_refund(session: Session, refund_id: UUID) -> RefundPlan | None:
    """Get a refund ready to be sent; None when it is done, or when the money has to come in first."""
    refund = session.scalars(select(Refund).where(Refund.id == refund_id).with_for_update()).one()
    if (refund.state != SENDING and not refund_may_move(refund.state, SENDING)) or refund.charge_id is None:
        return None
    charge = session.get_one(Charge, refund.charge_id)
    if charge.charge_ref is None:
        return None
    refund.state, refund.updated_at = "SENDING", clock.now()
    return RefundPlan(
        refund.id,
        charge.processor,
        f"refund:{refund.id}:{refund.attempt}",
        charge.charge_ref,
        Money(refund.amount, refund.currency),
    )


def let_off(session: Session, refund_id: UUID) -> bool:
    """Give back what was carried and has not come in: the retailer owes so much less. False where the money is at the
    processor, or on its way there."""
    carried = session.scalar(
        select(Charge.order_id)
        .join(Refund, Refund.charge_id == Charge.id)
        .where(Refund.id == refund_id, Charge.carried, Charge.charge_ref.is_(None))
    )
    if carried is None:
        return False
    order = orders.locked(session, carried)
    charge, refund = session.execute(
        select(Charge, Refund)
        .join(Refund, Refund.charge_id == Charge.id)
        .where(Refund.id == refund_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if refund.state != "PENDING" or charge.charge_ref is not None or charge.taken_with is not None:
        return False
    refund.updated_at = clock.now()
    _given_back(session, order, refund, processor_ref=None)
    return True


def record_refund(session: Session, refund_id: UUID, outcome: RefundOutcome) -> None:
    """Write the processor's answer down; a success is booked once. One that fails after all (the bank sent it back)
    is booked back: https://docs.stripe.com/refunds#failed-refunds."""
    # The order first, as all do that change what hangs on it: else two could wait for each other.
    of_refund = select(PurchaseOrder.order_id).join(Refund, Refund.purchase_order_id == PurchaseOrder.id)
    order = orders.locked(session, of_refund.where(Refund.id == refund_id).scalar_subquery())
    refund = session.scalars(
        select(Refund).where(Refund.id == refund_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if not refund_may_move(refund.state, FAILED if outcome.state == "failed" else SUCCEEDED):
        return
    refund.processor_ref, refund.updated_at = outcome.processor_ref or refund.processor_ref, clock.now()
    if outcome.state == "failed":
        _book_back(session, refund)
        refund.state, refund.failure = "FAILED", outcome.failure
        _tell_of_failure(session, refund)
        return
    # Pending refunds leave our balance at once: the processor has taken the money.
    _given_back(session, order, refund, processor_ref=outcome.processor_ref)


def _given_back(session: Session, order: Order, refund: Refund, *, processor_ref: str | None) -> None:
    """Book a refund: money has left the processor, or, without a reference there, it need not come in."""
    refund.state = "SUCCEEDED"
    purchase_order = locked_purchase_order(session, refund.purchase_order_id)
    amount = Money(refund.amount, refund.currency)
    if processor_ref is None:
        from_where, details = carried_lines(refund.retailer_id, -amount), {}
    else:
        from_where, details = given_lines(amount), {"processor_ref": processor_ref}
    post(
        session,
        key=f"refund:{refund.id}",
        kind="refund",
        reference=("refund", refund.id),
        description=f"Refund for {purchase_order.number}",
        lines=[*from_where, *_refund_lines(refund, purchase_order)],
        details=details,
    )
    orders.tell(session, order, "money.let_off" if processor_ref is None else "money.refunded", amount=str(amount))
    audit.record(session, refund.retailer_id, "settlement.refunded", "refund", refund.id)
    if refund.credit_memo_id is not None:
        returns.note_refunded(session, refund.credit_memo_id)


def _refund_lines(refund: Refund, purchase_order: PurchaseOrder) -> list[Line]:
    """What is not owed any more, since it was given back."""
    amount, currency = Money(refund.amount, refund.currency), purchase_order.currency
    if refund.credit_memo_id is not None or refund.kind != "share":
        return credit_refund_lines(refund.retailer_id, amount)
    share = Share(Money(refund.goods, currency), Money(refund.shipping, currency), Money(refund.platform_fee, currency))
    rest = Money(refund.rest, refund.currency)
    lines = refund_lines(PaidPart(purchase_order.supplier_id, amount + rest, share))
    # The rest is owed until the other payments have given it back.
    return [*lines, *credit_refund_lines(refund.retailer_id, -rest)] if rest else lines


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
