"""Units that were promised will not come: the order forgets them, and what was paid for them is owed back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from app.orders import service as orders
from app.orders.rules import CANCELLED
from app.purchasing.queries import still_coming
from app.purchasing.service.status import refresh_order_status
from app.settlement.service.charging import cancel_unpaid_charge
from app.settlement.service.refunding import withdraw


def withdraw_lines(session: Session, order_id: UUID, purchase_order_id: UUID, *, cause: str, goods: int) -> None:
    """Cancel in the order what was cancelled in a purchase order, and share out its value (``goods``, in minor units of
    the purchase order's currency). Twice is once, by ``cause``."""
    order = orders.locked(session, order_id)
    for line, units in still_coming(session, order_id).items():
        lost = line.quantity - line.cancelled - units
        if lost > 0:
            orders.cancel_units(session, order, line, lost)
    session.flush()
    refresh_order_status(session, order)
    withdraw(session, purchase_order_id, cause=cause, goods=goods)
    if order.status == CANCELLED:
        cancel_unpaid_charge(session, order.id)
