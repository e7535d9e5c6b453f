"""What is too little for a charge of its own (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts):
it holds nothing up, is owed by its retailer, and comes in with the next order's charge in its currency.

Carried charges are of other orders than the one that takes them along. Nothing here waits for their locks while it
holds another order's: they are taken along where nobody has them, and told of the outcome in a transaction of its own.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit import clock
from app.outbox.service import emit
from app.settlement.events import RefundWanted
from app.settlement.models import Charge, Refund
from app.settlement.rules import CANCELLED, PAID

_OPEN_REFUNDS = ("PENDING", "SENDING")


def take_along(session: Session, charge: Charge) -> None:
    """Have a new charge bring in what its retailer owes of carried ones. The last lock that its transaction takes."""
    free = session.scalars(
        select(Charge)
        .where(
            Charge.retailer_id == charge.retailer_id,
            Charge.carried,
            Charge.charge_ref.is_(None),
            Charge.taken_with.is_(None),
            Charge.amount > Charge.refunded,
            Charge.currency == charge.currency,
            Charge.processor == charge.processor,
        )
        .order_by(Charge.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    # Of one that is being given back it is not known yet what is left to bring in. A statement of its own sees what was
    # written until it was locked.
    going = set(
        session.scalars(
            select(Refund.charge_id).where(
                Refund.charge_id.in_([one.id for one in free]), Refund.state.in_(_OPEN_REFUNDS)
            )
        )
    )
    for one in free:
        if one.id not in going:
            one.taken_with = charge.id
            charge.along += one.amount - one.refunded
    session.flush()


def settle_along(session: Session, charge_id: UUID) -> None:
    """Tell carried charges what became of the one that took them along: they are paid for, or wait for another one.
    Refunds that waited for it go on. Twice is once."""
    charge = session.get_one(Charge, charge_id)
    taken = charge.state == PAID and not charge.carried
    if not taken and charge.state not in (PAID, CANCELLED):
        return
    found = session.scalars(
        select(Charge)
        .where(Charge.taken_with == charge_id, Charge.charge_ref.is_(None))
        .order_by(Charge.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for one in found:
        one.updated_at = clock.now()
        if taken:
            one.charge_ref = charge.charge_ref or charge.processor_ref
        else:
            one.taken_with = None
    session.flush()
    waiting = session.execute(
        select(Refund.id, Refund.retailer_id).where(
            Refund.charge_id.in_([one.id for one in found]), Refund.state == "PENDING"
        )
    ).all()
    emit(session, *(RefundWanted(refund_id=refund_id, retailer_id=retailer_id) for refund_id, retailer_id in waiting))
