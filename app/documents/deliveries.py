"""What of an order is on its way to the shopper, what is still to leave, and when it arrives: for the page and the
letters of a shop's customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from app.fulfillment import queries as fulfillment
from app.fulfillment.arrivals import Journey, arrival_of, journeys_of
from app.fulfillment.estimates import arrives
from app.fulfillment.models import Shipment
from app.fulfillment.rules import ANNOUNCED, SHIPPED
from app.orders.models import Order
from app.orders.rules import ON_HOLD
from app.purchasing import queries as purchasing
from app.purchasing.models import PurchaseOrder
from app.purchasing.service.status import counts


@dataclass(frozen=True, slots=True)
class Waiting:
    """Units that have not left yet, and when they should arrive. ``back_on``: the day on which the goods are there
    again. ``comes_later``: their supplier sends them apart from the rest."""

    title: str
    units: int
    from_day: date | None = None
    to_day: date | None = None
    back_on: date | None = None
    comes_later: bool = False


def shown(parcels: Iterable[Shipment]) -> list[Shipment]:
    """Those that left and are still coming or have come: of a parcel that was sent again, the last."""
    left = [one for one in parcels if one.shipment_status == SHIPPED]
    instead_of = {one.replaces_id for one in left if one.replaces_id is not None}
    return [one for one in left if one.id not in instead_of or one.delivery_status == "delivered"]


def announced(grouped: Mapping[UUID, Iterable[Shipment]]) -> dict[UUID, date]:
    """Purchase order → the day on which its next announced parcel leaves."""
    found: dict[UUID, date] = {}
    for purchase_order_id, parcels in grouped.items():
        days = [one.expected_ship_on for one in parcels if one.shipment_status == ANNOUNCED and one.expected_ship_on]
        if days:
            found[purchase_order_id] = min(days)
    return found


def waiting_units(
    order: Order, routed: Iterable[PurchaseOrder], ways: Mapping[UUID, Journey], leaving: Mapping[UUID, date]
) -> list[Waiting]:
    """What of an order has not left, by its purchase orders' lines. ``leaving``: of ``announced``."""
    routed = list(routed)
    if not routed:
        # Nobody was asked yet, or the order waits for its shop.
        left = [(line.title, line.quantity - line.cancelled) for line in order.lines]
        return [Waiting(title, units) for title, units in left if units]
    found = []
    for one in routed:
        way = ways[one.id]
        for line in one.lines:
            units = counts(line)
            from_day, to_day = one.estimated_from, one.estimated_to
            leaves = leaving.get(one.id) or way.leaves
            if leaves is not None and way.transit is not None:
                from_day, to_day = arrives(leaves, way.transit, way.today)
            if order.status == ON_HOLD:
                from_day = to_day = None
            if units.now:
                found.append(Waiting(line.title, units.now, from_day, to_day))
            if units.later:
                found.append(Waiting(line.title, units.later, back_on=line.available_on, comes_later=True))
    return found


@dataclass(frozen=True, slots=True)
class Coming:
    """A parcel of an order, as its customer sees it: what is in it (title, units) and when it arrives, where that is
    known. ``left``: it is on its way, or there. ``back_on``: the day on which the goods are there again."""

    items: Sequence[tuple[str, int]]
    left: bool
    days: tuple[date, date] | None = None
    back_on: date | None = None


def parcels_of(session: Session, order: Order) -> list[Coming]:
    """The parcels in which an order comes: those that left, the oldest first, then one for each of what is still to
    leave together. Needs a system scope."""
    routed = purchasing.of_orders(session, [order.id])[order.id]
    grouped = fulfillment.of_purchase_orders(session, [one.id for one in routed])
    titles = {line.id: line.title for one in routed for line in one.lines}
    ways, leaving = journeys_of(session, routed), announced(grouped)
    gone = sorted(shown(parcel for group in grouped.values() for parcel in group), key=lambda one: one.id)
    found = [
        Coming(
            [(titles[line.purchase_order_line_id], line.quantity) for line in parcel.lines],
            left=True,
            days=arrival_of(parcel, ways[parcel.purchase_order_id]),
        )
        for parcel in gone
    ]
    for one in routed:
        together: dict[tuple[tuple[date, date] | None, date | None, bool], list[tuple[str, int]]] = {}
        for units in waiting_units(order, [one], ways, leaving):
            days = (units.from_day, units.to_day) if units.from_day and units.to_day else None
            together.setdefault((days, units.back_on, units.comes_later), []).append((units.title, units.units))
        found += [
            Coming(items, left=False, days=days, back_on=back_on) for (days, back_on, _), items in together.items()
        ]
    return found
