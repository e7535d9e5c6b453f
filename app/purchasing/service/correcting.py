"""What a retailer does about an order that is on hold: mend its address, or have it tried again."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.kit.errors import Conflict
from app.orders import queries
from app.orders import service as orders
from app.orders.models import Order
from app.orders.rules import CANCELLED
from app.purchasing.models import PurchaseOrder
from app.purchasing.service.placing import resume_order
from app.stores.store_orders import Address


def correct_address(session: Session, retailer_id: UUID, order_id: UUID, address: Address) -> bool:
    """Replace the delivery address of an order that no supplier has yet, and take the order up again. Returns
    whether it is routed now. Raises ``Invalid`` by the address's field, ``Conflict`` when suppliers have the order."""
    order = waiting_order(session, retailer_id, order_id)
    orders.change_address(session, order, address)
    audit.record(session, retailer_id, "orders.address_changed", "order", order_id)
    return resume_order(session, order_id)


def try_again(session: Session, retailer_id: UUID, order_id: UUID) -> bool:
    """Take an order up again. Returns whether it is routed now; its holds say what is still in the way. Raises
    ``Conflict`` when suppliers have the order."""
    waiting_order(session, retailer_id, order_id)
    return resume_order(session, order_id)


def waiting_order(session: Session, retailer_id: UUID | None, order_id: UUID) -> Order:
    """An order of the retailer's (of any, without one) that is not routed yet, locked. Raises ``NotFound``, and
    ``Conflict`` for one that is cancelled or with its suppliers."""
    queries.order(session, retailer_id, order_id)
    order = orders.locked(session, order_id)
    if order.status == CANCELLED:
        raise Conflict("The order was cancelled; nothing of it is delivered.", code="order_cancelled")
    if session.scalar(select(PurchaseOrder.id).where(PurchaseOrder.order_id == order_id).limit(1)) is not None:
        raise Conflict("Its suppliers have this order already; write to them.", code="already_routed")
    return order
