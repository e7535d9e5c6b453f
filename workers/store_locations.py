"""What a store has at which of its locations: a purchase order may be several of its fulfilment orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.models import SupplierVariant
from app.orders.models import OrderLine
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.stores import queries as stores


@dataclass(frozen=True, slots=True)
class There:
    """A line of a purchase order at one of the store's fulfilment orders: how many of its units, and how many units of
    the order line these are; None for the latter: all of them."""

    line: PurchaseOrderLine
    units: int
    ordered: int | None = None

    @property
    def stopped(self) -> bool:
        """Whether so many of its units were cancelled."""
        return self.line.cancelled >= self.units


def lines_there(
    session: Session, store_id: UUID, purchase_order: PurchaseOrder, fulfillment_order_ref: str
) -> Sequence[There]:
    """The lines of a purchase order that a fulfilment order of the store is about: those that it has at that location,
    or those that it holds where the store has split them. All of them where it is the only one."""
    place = purchase_order.external_fulfillment_orders.get(fulfillment_order_ref)
    held: Mapping[str, int] | None = purchase_order.external_fulfillment_lines.get(fulfillment_order_ref)
    locations = stores.locations(session, store_id)
    rows = session.execute(
        select(PurchaseOrderLine, SupplierVariant.supplier_id, OrderLine.external_line_id)
        .join(OrderLine, OrderLine.id == PurchaseOrderLine.order_line_id)
        .join(SupplierVariant, SupplierVariant.id == OrderLine.variant_id)
        .where(PurchaseOrderLine.purchase_order_id == purchase_order.id)
        .order_by(PurchaseOrderLine.position)
        .execution_options(populate_existing=True)
    ).all()
    if held is not None:
        parts = [(line, held.get(ref or "", 0)) for line, _from, ref in rows]
        return [There(line, min(line.quantity, units * line.per_unit), units) for line, units in parts if units]
    at = {supplier_id for supplier_id, one in locations.items() if one.location_id == place}
    there = [line for line, listed_from, _ref in rows if listed_from in at]
    several = there and len(purchase_order.external_fulfillment_orders) > 1
    return [There(line, line.quantity) for line in (there if several else [line for line, *_rest in rows])]
