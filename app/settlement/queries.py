"""Reads of settlement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.fulfillment.models import Shipment
from app.kit.paging import Page, decode_cursor, page_of
from app.settlement.models import Charge, Earning, PaymentProfile, Payout, PayoutAccount, Refund


def charge_of_order(session: Session, order_id: UUID) -> Charge | None:
    """What a retailer was charged for an order when it was placed."""
    return session.scalar(select(Charge).where(Charge.order_id == order_id, Charge.cause == ""))


def charges_of_order(session: Session, order_id: UUID) -> Sequence[Charge]:
    """All that a retailer was charged for an order, the first one first; supplements that took nothing are left out."""
    return session.scalars(
        select(Charge)
        .where(Charge.order_id == order_id, (Charge.cause == "") | (Charge.state == "PAID"))
        .order_by(Charge.cause != "", Charge.id)
    ).all()


def charges(session: Session, retailer_id: UUID, *, limit: int = 50, cursor: str | None = None) -> Page[Charge]:
    """A retailer's charges, newest first."""
    query = select(Charge).where(Charge.retailer_id == retailer_id).order_by(Charge.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(Charge.id < decode_cursor(cursor, 1)[0])
    return page_of(session.scalars(query).all(), limit, lambda one: [one.id])


def carried(session: Session, retailer_id: UUID) -> dict[str, int]:
    """What a retailer owes because it was too little for a charge of its own: minor units by currency."""
    rows = session.execute(
        select(Charge.currency, func.sum(Charge.amount - Charge.refunded))
        .where(Charge.retailer_id == retailer_id, Charge.carried, Charge.charge_ref.is_(None))
        .group_by(Charge.currency)
        .order_by(Charge.currency)
    )
    return {currency: int(amount) for currency, amount in rows if amount}


def refunds_of(session: Session, charge_ids: Iterable[UUID]) -> Sequence[Refund]:
    """The refunds of charges."""
    return session.scalars(
        select(Refund).where(Refund.charge_id.in_(list(charge_ids)), Refund.state != "WAIVED").order_by(Refund.id)
    ).all()


def payable_at(session: Session, shipment: Shipment) -> datetime | None:
    """From when on a supplier is paid for a parcel (or the one that it was sent instead of); None where that is not
    known yet."""
    return session.scalar(
        select(Earning.payable_at).where(
            Earning.shipment_id == (shipment.replaces_id or shipment.id), Earning.state != "REVERSED"
        )
    )


def payment_profile(session: Session, retailer_id: UUID) -> PaymentProfile | None:
    """A retailer's payment method."""
    return session.get(PaymentProfile, retailer_id)


def payout_account(session: Session, supplier_id: UUID) -> PayoutAccount | None:
    """A supplier's payout account."""
    return session.get(PayoutAccount, supplier_id)


def earnings_of(session: Session, supplier_id: UUID, *, limit: int = 100) -> Sequence[Earning]:
    """A supplier's earnings, newest first."""
    return session.scalars(
        select(Earning).where(Earning.supplier_id == supplier_id).order_by(Earning.id.desc()).limit(limit)
    ).all()


def payouts_of(session: Session, supplier_id: UUID, *, limit: int = 50) -> Sequence[Payout]:
    """A supplier's payouts, newest first."""
    return session.scalars(
        select(Payout).where(Payout.supplier_id == supplier_id).order_by(Payout.id.desc()).limit(limit)
    ).all()


def charges_waited_for(session: Session, processor: str) -> Sequence[Charge]:
    """Payments of a processor that are not known to have come in, oldest first."""
    return session.scalars(
        select(Charge).where(Charge.state == "PROCESSING", Charge.processor == processor).order_by(Charge.id)
    ).all()


def payouts_to_make(session: Session, processor: str) -> Sequence[Payout]:
    """Payouts that a person is to make, oldest first."""
    return session.scalars(
        select(Payout).where(Payout.state == "SCHEDULED", Payout.processor == processor).order_by(Payout.id)
    ).all()


def balances(session: Session, supplier_id: UUID) -> dict[str, dict[str, int]]:
    """A supplier's money by currency: HELD, PAYABLE and PAID, in minor units."""
    rows = session.execute(
        select(Earning.currency, Earning.state, func.sum(Earning.amount))
        .where(Earning.supplier_id == supplier_id)
        .group_by(Earning.currency, Earning.state)
    )
    result: dict[str, dict[str, int]] = {}
    for currency, state, amount in rows:
        result.setdefault(currency, {"HELD": 0, "PAYABLE": 0, "PAID": 0})[state] = int(amount)
    return result
