"""What a store has at which of its locations: a purchase order may be several of its fulfilment orders."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.models import SupplierVariant
from app.orders.models import OrderLine
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.stores import queries as stores


def lines_there(
    session: Session, store_id: UUID, purchase_order: PurchaseOrder, fulfillment_order_ref: str
) -> Sequence[PurchaseOrderLine]:
    """The lines of a purchase order that a fulfilment order of the store is about: those that it has at that location.
    All of them where it is the only one."""
    place = purchase_order.external_fulfillment_orders.get(fulfillment_order_ref)
    locations = stores.locations(session, store_id)
    rows = session.execute(
        select(PurchaseOrderLine, SupplierVariant.supplier_id)
        .join(OrderLine, OrderLine.id == PurchaseOrderLine.order_line_id)
        .join(SupplierVariant, SupplierVariant.id == OrderLine.variant_id)
        .where(PurchaseOrderLine.purchase_order_id == purchase_order.id)
        .order_by(PurchaseOrderLine.position)
        .execution_options(populate_existing=True)
    ).all()
    there = [
        line for line, listed_from in rows if listed_from in locations and locations[listed_from].location_id == place
    ]
    return there if there and len(purchase_order.external_fulfillment_orders) > 1 else [line for line, _from in rows]
