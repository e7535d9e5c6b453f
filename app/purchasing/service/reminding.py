"""A retailer, or the platform, reminds a supplier of a purchase order that waits for it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.orders import service as orders
from app.orders.models import Order, TimelineEntry
from app.outbox.service import emit
from app.purchasing.events import SupplierReminded, ids_of
from app.purchasing.leaving import WAITED_FOR
from app.purchasing.models import PurchaseOrder
from app.suppliers.models import Supplier

_SAID = "po.asked_about"
#: A supplier is not reminded of the same again before.
APART = timedelta(days=1)


def remind_supplier(session: Session, retailer_id: UUID | None, purchase_order_id: UUID) -> None:
    """Have a supplier written to that it is waited for. ``retailer_id``: whose purchase order it is; None: anybody's.

    Raises ``NotFound``, and ``Conflict``: ``nothing_to_remind`` where the supplier has nothing left to do,
    ``reminded_already`` within a day.
    """
    row = session.scalar(select(PurchaseOrder).where(PurchaseOrder.id == purchase_order_id))
    if row is None or retailer_id not in (None, row.retailer_id):
        raise NotFound("purchase order")
    order = orders.locked(session, row.order_id)
    session.refresh(row)
    if row.released_at is None or row.status not in WAITED_FOR:
        raise Conflict("Nothing of it is waited for any more.", code="nothing_to_remind")
    if _reminded_lately(session, order, row):
        raise Conflict("Its supplier was reminded today. Wait for its answer.", code="reminded_already")
    orders.tell(
        session,
        order,
        _SAID,
        purchase_order_id=row.id,
        supplier_id=row.supplier_id,
        number=row.number,
        supplier=session.get_one(Supplier, row.supplier_id).company_name,
    )
    audit.record(session, row.retailer_id, "purchasing.reminded", "purchase_order", row.id)
    emit(session, SupplierReminded(**ids_of(row), at=clock.iso(clock.now())))


def _reminded_lately(session: Session, order: Order, row: PurchaseOrder) -> bool:
    said = select(TimelineEntry.id).where(
        TimelineEntry.order_id == order.id,
        TimelineEntry.purchase_order_id == row.id,
        TimelineEntry.message == _SAID,
        TimelineEntry.at > clock.now() - APART,
    )
    return session.scalar(said.limit(1)) is not None
