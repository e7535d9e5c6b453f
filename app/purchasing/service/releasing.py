"""Releasing purchase orders: paid for, they become visible to their suppliers."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.inventory.service import commit_reservations
from app.kit import clock
from app.orders import service as orders
from app.orders.models import Order
from app.outbox.service import emit
from app.purchasing.events import OrderReleased, PurchaseOrderReleased, ids_of
from app.purchasing.models import PurchaseOrder
from app.purchasing.rules import answer_by, ship_by
from app.purchasing.service.status import locked_of_order, refresh_order_status, refresh_status
from app.stores.events import FulfillmentWanted
from app.suppliers.models import Supplier
from app.suppliers.queries import CLOSED, as_closures

#: What releasing needs to know of suppliers, by ``ids``, and of their closures from ``today`` on.
_SUPPLIERS = select(
    Supplier.id,
    Supplier.company_name,
    Supplier.handling_days,
    Supplier.timezone,
    Supplier.cutoff_hour,
    CLOSED.label("closed"),
).where(Supplier.id == any_(bindparam("ids", type_=ARRAY(Uuid))))


def release_purchase_orders(
    session: Session,
    order_id: UUID,
    purchase_orders: Sequence[PurchaseOrder] | None = None,
    *,
    rerouting_id: UUID | None = None,
) -> int:
    """Show an order's purchase orders to their suppliers and commit its stock. Returns how many were released;
    those released before are left alone. ``purchase_orders``: all of the order's, where the caller has locked the
    order and them already. Those of a rerouting are paid for apart, and released by its ``rerouting_id``."""
    if purchase_orders is None:
        order = orders.locked(session, order_id)
        purchase_orders = locked_of_order(session, order_id)
    else:
        order = session.get_one(Order, order_id)
    waiting = [one for one in purchase_orders if one.released_at is None and one.rerouting_id == rerouting_id]
    now = clock.now()
    suppliers = {
        row.id: row
        for row in session.connection().execute(
            _SUPPLIERS, {"ids": [one.supplier_id for one in waiting], "today": now.date()}
        )
    }
    told: list[UUID] = []
    for purchase_order in waiting:
        live = [line for line in purchase_order.lines if line.quantity > line.cancelled]
        if not live:
            continue
        supplier = suppliers[purchase_order.supplier_id]
        purchase_order.released_at = now
        purchase_order.acknowledge_by = purchase_order.remind_at = answer_by(
            now, as_closures(supplier.closed), timezone=supplier.timezone, cutoff_hour=supplier.cutoff_hour
        )
        purchase_order.ship_by = ship_by(
            now,
            supplier.handling_days,
            as_closures(supplier.closed),
            timezone=supplier.timezone,
            cutoff_hour=supplier.cutoff_hour,
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
            PurchaseOrderReleased(**ids_of(purchase_order)),
        )
    if told:
        commit_reservations(session, told, told_at=now)
    if waiting and rerouting_id is None:
        emit(session, OrderReleased(order_id=order.id, retailer_id=order.retailer_id))
    elif waiting and order.store_id is not None:
        emit(session, FulfillmentWanted(store_id=order.store_id, retailer_id=order.retailer_id, order_id=order.id))
    refresh_order_status(session, order, purchase_orders)
    return len(waiting)
