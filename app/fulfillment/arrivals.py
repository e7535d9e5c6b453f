"""When parcels should arrive, as shoppers and their shops are both told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from app import db
from app.fulfillment import queries as fulfillment
from app.fulfillment.estimates import Transit, arrives, leaves_on, usual
from app.fulfillment.models import Shipment
from app.kit import clock
from app.purchasing import queries as purchasing
from app.purchasing.models import PurchaseOrder
from app.suppliers import queries as suppliers
from app.suppliers.rules import Closure

#: First and last day.
Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Journey:
    """What is known of a purchase order's way to the shopper."""

    today: date
    leaves: date | None
    transit: Transit | None


def journeys_of(session: Session, routed: Iterable[PurchaseOrder]) -> dict[UUID, Journey]:
    """Purchase order → its way. In the scope of the system: how long a supplier's parcels take is learnt from those to
    everybody."""
    now, routed = clock.now(), list(routed)
    rates = suppliers.rates_of(session, {one.supplier_id for one in routed})
    closed = suppliers.closures_of(session, {one.supplier_id for one in routed})
    said = {one.id: fulfillment.said_day(session, one.id) for one in routed}
    found = {}
    for one in routed:
        supplier = suppliers.supplier(session, one.supplier_id)
        rate = next((rate for rate in rates[one.supplier_id] if rate.name == one.shipping_method), None)
        promised = Transit(rate.transit_days_min, rate.transit_days_max) if rate is not None else None
        history = fulfillment.transit_history(session, one.supplier_id, one.ship_to_country, now)
        leaves = leaves_on(
            now=now,
            timezone=supplier.timezone,
            ship_by=one.ship_by,
            cutoff_hour=supplier.cutoff_hour,
            closed=[Closure(row.starts_on, row.ends_on) for row in closed[one.supplier_id]],
            said=said[one.id],
        )
        found[one.id] = Journey(now.date(), leaves, usual(promised, history))
    return found


def arrival_of(parcel: Shipment, journey: Journey) -> Days | None:
    """The carrier's own word, else what the way takes from the day on which the parcel left."""
    if parcel.carrier_from and parcel.carrier_to:
        return parcel.carrier_from, parcel.carrier_to
    left = parcel.first_scan_at or parcel.shipped_at
    if left is not None and journey.transit is not None:
        return arrives(left.date(), journey.transit, journey.today)
    return (parcel.estimated_from, parcel.estimated_to) if parcel.estimated_from and parcel.estimated_to else None


def arrivals_of(order_id: UUID, *, actor: str) -> Mapping[UUID, Days | None]:
    """Parcel of an order → when it should arrive, in a transaction of its own. The reader may see the order."""
    with db.system_scope(actor=actor), db.transaction() as session:
        routed = purchasing.of_orders(session, [order_id])[order_id]
        journeys = journeys_of(session, routed)
        grouped = fulfillment.of_purchase_orders(session, [one.id for one in routed])
        return {
            parcel.id: arrival_of(parcel, journeys[part_id]) for part_id, group in grouped.items() for parcel in group
        }
