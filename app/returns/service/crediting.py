"""What is owed back: the credit memo, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit import clock
from app.kit.errors import Conflict
from app.kit.ids import new_id
from app.kit.money import Money
from app.outbox.service import emit
from app.purchasing.service import note_returned
from app.returns.events import CreditMemoIssued
from app.returns.models import CreditMemo, CreditMemoLine, Return, ReturnLine
from app.returns.rules import CLOSED, CREDITED, INSPECTED, line_credit, may_move, restocking_bps
from app.returns.service.standing import SUPPLIER, SYSTEM, Locked, locked, move


def credit(session: Session, supplier_id: UUID, return_id: UUID) -> Return:
    """Owe the retailer what was accepted. Once: again it changes nothing. Raises ``NotFound`` and ``Conflict``."""
    held = locked(session, return_id, supplier_id)
    if held.row.memo is None:
        credit_accepted(session, held, by=SUPPLIER)
    return held.row


def credit_accepted(session: Session, held: Locked, *, by: str) -> None:
    """Write the credit memo of a return that was inspected. Raises ``Conflict``."""
    row = held.row
    if row.state != INSPECTED:
        raise Conflict("Look at the goods first, then credit them.", code="move_not_allowed")
    accepted = {line: line.accepted for line in row.lines if line.accepted}
    _issue(session, held, accepted, by=by)
    note_returned(
        session, held.purchase_order, {line.purchase_order_line_id: units for line, units in accepted.items()}
    )


def credit_without_return(session: Session, supplier_id: UUID, return_id: UUID) -> Return:
    """Owe the retailer all that was asked for; the goods stay where they are. Raises ``NotFound`` and ``Conflict``."""
    held = locked(session, return_id, supplier_id)
    row = held.row
    if row.memo is not None:
        return row
    if row.state == INSPECTED or not may_move(row.state, CREDITED):
        raise Conflict("The goods are on their way, or it is done.", code="move_not_allowed")
    row.goods_kept = True
    for line in row.lines:
        line.accepted = line.received = 0
    _issue(session, held, {line: line.quantity for line in row.lines}, by=SUPPLIER)
    return row


def note_booked(session: Session, memo: CreditMemo, refund: Money) -> None:
    """A credit memo stands in the books; ``refund`` goes to the retailer's card."""
    memo.refund_amount, memo.refund_currency = refund.minor, refund.currency
    session.flush()


def note_refunded(session: Session, credit_memo_id: UUID) -> None:
    """The refund went through: the return is done."""
    memo = session.get_one(CreditMemo, credit_memo_id)
    row = locked(session, memo.return_id, None).row
    if memo.refunded_at is None:
        memo.refunded_at = clock.now()
    if row.state == CREDITED:
        move(session, row, CLOSED, by=SYSTEM)


def note_refund_failed(session: Session, credit_memo_id: UUID) -> None:
    """The refund came back after all; the platform's people give the money back in another way."""
    session.get_one(CreditMemo, credit_memo_id).refunded_at = None


def credit_memo(session: Session, credit_memo_id: UUID) -> CreditMemo:
    """A credit memo, locked."""
    return session.scalars(select(CreditMemo).where(CreditMemo.id == credit_memo_id).with_for_update()).one()


def _issue(session: Session, held: Locked, units: Mapping[ReturnLine, int], *, by: str) -> None:
    row, purchase_order = held.row, held.purchase_order
    prices = {line.id: line.wholesale_price for line in purchase_order.lines}
    bps = restocking_bps(row.reason, row.restocking_bps, goods_kept=row.goods_kept)
    credits = {line: line_credit(prices[line.purchase_order_line_id], count, bps) for line, count in units.items()}
    memo_id = new_id()
    memo = CreditMemo(
        id=memo_id,
        return_id=row.id,
        purchase_order_id=purchase_order.id,
        retailer_id=row.retailer_id,
        supplier_id=row.supplier_id,
        number=f"CM-{row.number.removeprefix('R-')}",
        currency=purchase_order.currency,
        goods=sum(one.goods for one in credits.values()),
        restocking=sum(one.restocking for one in credits.values()),
        journal_key=f"credit_memo:{memo_id}",
        created_at=clock.now(),
    )
    session.add(memo)
    session.flush()
    session.add_all(
        CreditMemoLine(
            credit_memo_id=memo_id,
            return_line_id=line.id,
            retailer_id=row.retailer_id,
            supplier_id=row.supplier_id,
            units=one.units,
            goods=one.goods,
            restocking=one.restocking,
        )
        for line, one in credits.items()
    )
    amount = Money(memo.goods - memo.restocking, memo.currency)
    move(session, row, CREDITED, by=by, story="return.kept" if row.goods_kept else None, amount=str(amount))
    session.refresh(row, ["memo"])
    emit(
        session,
        CreditMemoIssued(credit_memo_id=memo_id, purchase_order_id=purchase_order.id, retailer_id=row.retailer_id),
    )
