"""Releasing purchase orders: paid for, they become visible to their suppliers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.inventory.service import commit_reservations
from app.kit import clock
from app.orders import service as orders
from app.outbox.service import emit
from app.purchasing.events import OrderReleased, PurchaseOrderReleased
from app.purchasing.rules import ACKNOWLEDGE_WITHIN, ship_by
from app.purchasing.service.status import locked_of_order, refresh_order_status, refresh_status
from app.suppliers.models import Supplier
from app.suppliers.queries import closures_of
from app.suppliers.rules import Closure


def release_purchase_orders(session: Session, order_id: UUID) -> int:
    """Show an order's purchase orders to their suppliers and commit its stock. Returns how many were released;
    those released before are left alone."""
    order = orders.locked(session, order_id)
    waiting = [one for one in locked_of_order(session, order_id) if one.released_at is None]
    now = clock.now()
    suppliers = {
        supplier.id: supplier
        for supplier in session.scalars(select(Supplier).where(Supplier.id.in_({one.supplier_id for one in waiting})))
    }
    closed = closures_of(session, suppliers)
    told: list[UUID] = []
    for purchase_order in waiting:
        live = [line for line in purchase_order.lines if line.quantity > line.cancelled]
        if not live:
            continue
        supplier = suppliers[purchase_order.supplier_id]
        purchase_order.released_at = now
        purchase_order.acknowledge_by = now + ACKNOWLEDGE_WITHIN
        purchase_order.ship_by = ship_by(
            now, supplier.handling_days, [Closure(one.starts_on, one.ends_on) for one in closed[supplier.id]]
        )
        told += [line.order_line_id for line in live]
        refresh_status(session, purchase_order)
        orders.tell(
            session,
            order,
            "po.released",
            purchase_order_id=purchase_order.id,
            supplier_id=purchase_order.supplier_id,
            number=purchase_order.number,
            supplier=supplier.company_name,
        )
        audit.record(session, purchase_order.retailer_id, "purchasing.released", "purchase_order", purchase_order.id)
        emit(
            session,
            PurchaseOrderReleased(
                purchase_order_id=purchase_order.id,
                order_id=order.id,
                retailer_id=purchase_order.retailer_id,
                supplier_id=purchase_order.supplier_id,
            ),
        )
    if told:
        commit_reservations(session, told, told_at=now)
    if waiting:
        emit(session, OrderReleased(order_id=order.id, retailer_id=order.retailer_id))
    refresh_order_status(session, order)
    return len(waiting)
