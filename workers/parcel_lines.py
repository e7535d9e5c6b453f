"""What of a store's order a parcel makes whole, and where in the store that is listed from."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog.models import SupplierVariant
from app.fulfillment.models import Shipment, ShipmentLine
from app.fulfillment.rules import LEFT
from app.orders.models import OrderLine
from app.purchasing.models import PurchaseOrderLine
from app.purchasing.rules import whole_units
from app.stores import queries as stores

Lines = dict[str, int]


def completed_by_location(session: Session, store_id: UUID, shipment: Shipment) -> dict[str, Lines]:
    """The store's id of a location → units of the store's lines there that are whole with this parcel and were not with
    those before it: of a bundle, those whose last component is in it. A line is at the location of the supplier that it
    is listed from, whoever delivers it; empty where the store has none for that."""
    row = PurchaseOrderLine
    mine = select(row.order_line_id).where(row.id.in_([line.purchase_order_line_id for line in shipment.lines]))
    # What is sent instead of another parcel makes nothing whole that was not, and what was taken back made nothing.
    sent = (
        select(ShipmentLine.purchase_order_line_id, ShipmentLine.shipment_id, ShipmentLine.quantity)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(Shipment.shipment_status.in_(list(LEFT)), Shipment.replaces_id.is_(None))
        .subquery()
    )
    rows: Any = session.execute(
        select(
            OrderLine.external_line_id,
            SupplierVariant.supplier_id,
            row.id,
            row.component,
            row.per_unit,
            sent.c.shipment_id,
            sent.c.quantity,
        )
        .join(row, row.order_line_id == OrderLine.id)
        .join(SupplierVariant, SupplierVariant.id == OrderLine.variant_id)
        .outerjoin(sent, sent.c.purchase_order_line_id == row.id)
        .where(OrderLine.id.in_(mine), OrderLine.external_line_id.is_not(None))
    )
    listed_from: dict[str, UUID] = {}
    after: defaultdict[str, dict[UUID, tuple[int, int, int]]] = defaultdict(dict)
    before: defaultdict[str, dict[UUID, tuple[int, int, int]]] = defaultdict(dict)
    for ref, supplier_id, line_id, component, per_unit, sent_in, units in rows:
        listed_from[ref] = supplier_id
        for sums, counts in (
            (after, sent_in is not None and sent_in <= shipment.id),
            (before, sent_in is not None and sent_in < shipment.id),
        ):
            had = sums[ref].get(line_id, (component, 0, per_unit))
            sums[ref][line_id] = (component, had[1] + (units if counts else 0), per_unit)
    places = stores.locations(session, store_id)
    found: defaultdict[str, Lines] = defaultdict(dict)
    for ref in after:
        units = whole_units(after[ref].values()) - whole_units(before[ref].values())
        if units:
            place = places.get(listed_from[ref])
            found[place.location_id if place else ""][ref] = units
    return dict(found)
