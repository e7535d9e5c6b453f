"""Units that were promised will not come: the order forgets them, and what was paid for them is owed back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.fulfillment.models import Shipment
from app.fulfillment.rules import LOST, RETURNED
from app.orders import service as orders
from app.orders.models import Order
from app.orders.rules import CANCELLED
from app.purchasing.models import PurchaseOrder
from app.purchasing.queries import still_coming
from app.purchasing.service.completing import drop_odd_parts
from app.purchasing.service.status import refresh_order_status
from app.settlement.service.charging import cancel_unpaid_charge
from app.settlement.service.earning import earn
from app.settlement.service.refunding import withdraw
from app.settlement.service.rerouting import fund


def withdraw_lines(session: Session, order_id: UUID, purchase_order_id: UUID, *, cause: str, goods: int) -> None:
    """Cancel in the order what was cancelled in a purchase order, and share out its value (``goods``, in minor units of
    the purchase order's currency). Twice is once, by ``cause``."""
    order = orders.locked(session, order_id)
    given_up = select(Shipment.id).where(
        Shipment.purchase_order_id == purchase_order_id, Shipment.shipment_status.in_((LOST, RETURNED))
    )
    for shipment_id in session.scalars(given_up):
        # What its parcel earned is withdrawn first: only then can it be shared out again.
        earn(session, shipment_id)
    forget_lost(session, order)
    withdraw(session, purchase_order_id, cause=cause, goods=goods)
    purchase_order = session.get_one(PurchaseOrder, purchase_order_id)
    if purchase_order.rerouting_id is not None and purchase_order.released_at is None:
        fund(session, order, purchase_order.rerouting_id)
    if order.status == CANCELLED:
        cancel_unpaid_charge(session, order.id)


def forget_lost(session: Session, order: Order) -> None:
    """Cancel units in a locked order that no purchase order holds and nothing is to be decided about, and what is left
    of bundles without them."""
    session.flush()
    for line, units in still_coming(session, order.id).items():
        lost = line.quantity - line.cancelled - units
        if lost > 0:
            orders.cancel_units(session, order, line, lost)
    session.flush()
    drop_odd_parts(session, order)
    refresh_order_status(session, order)
