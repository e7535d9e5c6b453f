"""How a store's refund ends: made, refused, or seen to by hand. What is heard twice, or in another order, ends the
same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.audit import service as audit
from app.kit import clock
from app.kit.errors import Conflict, Invalid
from app.kit.money import Money
from app.notifications.service import notify, resolve
from app.orders import service as orders
from app.orders.family import of_family
from app.orders.models import Order
from app.outbox.service import emit
from app.store_refunds.events import StoreRefundMoved
from app.store_refunds.models import StoreRefund
from app.store_refunds.paid import paid
from app.store_refunds.rules import ADVICE, ALREADY, ASKED, BY_HAND, MADE, REFUSED, may_move
from app.store_refunds.service.asking import locked, units_of
from app.stores.money_back import RefundMade


def note_pending(session: Session, store_refund_id: UUID, pending: str) -> timedelta:
    """The store is at it; for how long already."""
    row, now = locked(session, None, store_refund_id), clock.now()
    if row.state == ASKED and row.pending != pending:
        row.pending, row.updated_at = pending, now
    return now - row.updated_at


def note_made(session: Session, store_refund_id: UUID, made: RefundMade) -> None:
    """The store gave the money back."""
    row = locked(session, None, store_refund_id)
    _made(session, row, made.external_id, made.amount, customer=made.customer, cancelled=made.cancelled)


def note_refused(session: Session, store_refund_id: UUID, code: str, words: str) -> None:
    """The store did not. Units that were refunded otherwise count as seen to by hand."""
    row = locked(session, None, store_refund_id)
    if row.state != ASKED:
        return
    if code == ALREADY:
        _seen_to(session, row)
        return
    _refused(session, row, code, words)


def by_hand(session: Session, retailer_id: UUID, store_refund_id: UUID) -> StoreRefund:
    """The retailer has refunded it in the store itself. Raises ``NotFound`` and ``Conflict``."""
    row = locked(session, retailer_id, store_refund_id)
    if row.state != BY_HAND:
        if not may_move(row.state, BY_HAND):
            raise Conflict("It is refunded already.", code="move_not_allowed")
        _seen_to(session, row)
    return row


def report(
    session: Session,
    retailer_id: UUID,
    store_refund_id: UUID,
    *,
    made: Money | None,
    external_id: str = "",
    reason: str = "",
) -> StoreRefund:
    """A store's own system says what became of it: what it gave back, or None and why it did not. The same again
    changes nothing. Raises ``NotFound``, ``Invalid`` and ``Conflict``."""
    row = locked(session, retailer_id, store_refund_id)
    if made is None:
        if row.state == REFUSED:
            return row
        if not may_move(row.state, REFUSED):
            raise Conflict("It is refunded already.", code="move_not_allowed")
        if not reason.strip():
            raise Invalid.field("reason", "required", "Say why it was not refunded.")
        _refused(session, row, "refused", reason.strip())
        return row
    if made.minor < 0:
        raise Invalid.field("amount", "out_of_range", "An amount of zero or more.")
    order = session.get_one(Order, row.order_id)
    limit = paid(session, order)
    slack = sum(line.units for line in row.lines) // 2
    if row.state != MADE and limit is not None and made.currency == limit.currency and made.minor > limit.minor + slack:
        raise Invalid.field("amount", "too_much", f"Your customer paid {limit} for the whole order.")
    if row.state == MADE and row.external_id != (external_id or None):
        raise Conflict("It is refunded already.", code="move_not_allowed")
    _made(session, row, external_id or None, made, customer=made, cancelled=False)
    return row


def match(
    session: Session, order: Order, *, refund_id: str, note: str, units: Mapping[str, int], amount: Money | None
) -> StoreRefund | None:
    """The refund of ours that a store's word is about: the one whose reference its note has or whose id is known. What
    the store's people refunded themselves ends the wish for just these units. None for any other."""
    rows = session.scalars(
        select(StoreRefund)
        .where(StoreRefund.order_id.in_(select(Order.id).where(of_family(order.id))))
        .order_by(StoreRefund.id)
        .options(selectinload(StoreRefund.lines))
    ).all()
    for one in rows:
        if one.external_id == refund_id or one.reference in note:
            row = locked(session, None, one.id)
            # Its payments are told in what was paid in.
            _made(session, row, refund_id, amount, customer=amount, cancelled=row.cancelled)
            return row
    for one in rows:
        if one.state == ASKED and one.whole:
            # It may be the refund of our own cancellation, whose note is not ours to write: the store knows.
            continue
        if one.state in (ASKED, REFUSED) and units_of(session, one) == dict(units):
            row = locked(session, None, one.id)
            _seen_to(session, row)
            row.external_id = refund_id
            return row
    return None


def _made(
    session: Session,
    row: StoreRefund,
    external_id: str | None,
    amount: Money | None,
    *,
    customer: Money | None,
    cancelled: bool,
) -> None:
    if not may_move(row.state, MADE):
        return
    row.state, row.external_id, row.cancelled, row.pending = MADE, external_id, cancelled, None
    row.refusal, row.refusal_text = None, ""
    if amount is not None:
        row.made_amount, row.made_currency = amount.minor, amount.currency
    if customer is not None:
        row.customer_amount, row.customer_currency = customer.minor, customer.currency
    message = "store.refund_made_by_cancelling" if cancelled else "store.refund_made"
    _ended(session, row, message, amount=str(amount) if amount is not None else "–")


def _seen_to(session: Session, row: StoreRefund) -> None:
    row.state, row.refusal, row.refusal_text, row.pending = BY_HAND, None, "", None
    _ended(session, row, "store.refund_by_hand", units=sum(line.units for line in row.lines))


def _refused(session: Session, row: StoreRefund, code: str, words: str) -> None:
    row.state, row.refusal, row.refusal_text, row.pending = REFUSED, code, words[:500], None
    order = session.get_one(Order, row.order_id)
    advice = ADVICE.get(code) or row.refusal_text
    _ended(session, row, "store.refund_refused", reason=advice)
    notify(
        session,
        row.retailer_id,
        kind="store_refund",
        severity="warning",
        title=f"A customer of {order.external_name} has not got its money back",
        body=advice,
        link=f"/app/orders/{order.id}",
        dedupe=_notice(row),
    )


def _ended(session: Session, row: StoreRefund, message: str, **values: Any) -> None:
    row.updated_at = clock.now()
    session.flush()
    order = session.get_one(Order, row.order_id)
    orders.tell(session, order, message, **values)
    audit.record(session, row.retailer_id, f"store_refunds.{row.state.lower()}", "store_refund", row.id)
    if row.state != REFUSED:
        resolve(session, row.retailer_id, _notice(row))
    emit(
        session,
        StoreRefundMoved(store_refund_id=row.id, order_id=row.order_id, retailer_id=row.retailer_id, state=row.state),
    )


def _notice(row: StoreRefund) -> str:
    return f"store_refund:{row.id}"
