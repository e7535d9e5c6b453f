"""Reads of shipments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session, selectinload

from app.fulfillment.estimates import History
from app.fulfillment.models import Shipment, ShipmentException, TrackingEvent
from app.kit.errors import NotFound
from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, page_of
from app.orders.models import Order

#: Most orders that one parcel's number finds: a carrier's, or whatever somebody wrote instead.
_MOST_FOUND = 100


def orders_with_number(session: Session, retailer_id: UUID, number: str) -> tuple[UUID, ...]:
    """Ids of a retailer's orders with a parcel of this tracking number, as it was told or without its spaces."""
    written = {number.strip(), "".join(number.split()), "".join(number.split()).upper()} - {""}
    rows = session.scalars(
        select(Shipment.order_id)
        .where(Shipment.retailer_id == retailer_id, Shipment.tracking_number.in_(written))
        .distinct()
        .limit(_MOST_FOUND)
    )
    return tuple(rows)


def of_purchase_orders(session: Session, purchase_order_ids: Iterable[UUID]) -> dict[UUID, list[Shipment]]:
    """The parcels of each purchase order with their lines, in the order they left."""
    found: dict[UUID, list[Shipment]] = {one: [] for one in purchase_order_ids}
    rows = session.scalars(
        select(Shipment)
        .where(Shipment.purchase_order_id.in_(list(found)))
        .options(selectinload(Shipment.lines))
        .order_by(Shipment.id)
    )
    for row in rows:
        found[row.purchase_order_id].append(row)
    return found


def shipment(session: Session, shipment_id: UUID, *, organisation_id: UUID) -> Shipment:
    """A parcel of which the organisation is a party. Raises ``NotFound``."""
    found = session.scalar(
        select(Shipment)
        .where(
            Shipment.id == shipment_id,
            (Shipment.retailer_id == organisation_id) | (Shipment.supplier_id == organisation_id),
        )
        .options(selectinload(Shipment.lines))
    )
    if found is None:
        raise NotFound("shipment")
    return found


def events_of(session: Session, shipment_ids: Iterable[UUID]) -> dict[UUID, list[TrackingEvent]]:
    """What was seen of each parcel, newest first."""
    found: dict[UUID, list[TrackingEvent]] = {one: [] for one in shipment_ids}
    rows = session.scalars(
        select(TrackingEvent)
        .where(TrackingEvent.shipment_id.in_(list(found)))
        .order_by(TrackingEvent.at.desc(), TrackingEvent.id.desc())
    )
    for row in rows:
        found[row.shipment_id].append(row)
    return found


def due_for_tracking(session: Session, moment: datetime, *, limit: int = 200) -> Sequence[Shipment]:
    """Parcels whose carrier is to be asked now. Needs a system scope."""
    return session.scalars(
        select(Shipment).where(Shipment.next_poll_at <= moment).order_by(Shipment.next_poll_at).limit(limit)
    ).all()


def last_heard(session: Session, shipment_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When something of a parcel was last heard, by parcel; those of which nothing was are left out."""
    rows = session.execute(
        select(TrackingEvent.shipment_id, func.max(TrackingEvent.recorded_at))
        .where(TrackingEvent.shipment_id.in_(shipment_ids))
        .group_by(TrackingEvent.shipment_id)
    )
    return {shipment_id: at for shipment_id, at in rows}


def known_events(session: Session, shipment_ids: Iterable[UUID]) -> dict[UUID, set[str]]:
    """The ids of what was seen of each parcel, as its carrier names them."""
    found: dict[UUID, set[str]] = {one: set() for one in shipment_ids}
    rows = session.execute(
        select(TrackingEvent.shipment_id, TrackingEvent.external_id).where(TrackingEvent.shipment_id.in_(list(found)))
    )
    for shipment_id, external_id in rows:
        found[shipment_id].add(external_id)
    return found


def exception(session: Session, organisation_id: UUID, exception_id: UUID) -> ShipmentException:
    """What is or was wrong with a parcel of which the organisation is a party. Raises ``NotFound``."""
    found = session.get(ShipmentException, exception_id)
    if found is None or organisation_id not in (found.retailer_id, found.supplier_id):
        raise NotFound("exception")
    return found


def exceptions_of(
    session: Session,
    organisation_id: UUID,
    *,
    shipment_id: UUID | None = None,
    purchase_order_ids: Iterable[UUID] | None = None,
    only_open: bool = False,
    limit: int = 100,
) -> Sequence[ShipmentException]:
    """What is or was wrong with parcels of which the organisation is a party, newest first."""
    query = select(ShipmentException).where(
        (ShipmentException.retailer_id == organisation_id) | (ShipmentException.supplier_id == organisation_id)
    )
    if shipment_id is not None:
        query = query.where(ShipmentException.shipment_id == shipment_id)
    if purchase_order_ids is not None:
        query = query.where(ShipmentException.purchase_order_id.in_(list(purchase_order_ids)))
    if only_open:
        query = query.where(ShipmentException.state == "open")
    return session.scalars(query.order_by(ShipmentException.id.desc()).limit(limit)).all()


def exceptions_page(
    session: Session,
    organisation_id: UUID,
    *,
    state: str,
    shipment_id: UUID | None = None,
    purchase_order_id: UUID | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[ShipmentException]:
    """What is or was (``state``) wrong with parcels of which the organisation is a party, newest first."""
    limit = min(limit, LARGEST_LIMIT)
    query = (
        select(ShipmentException)
        .where(
            (ShipmentException.retailer_id == organisation_id) | (ShipmentException.supplier_id == organisation_id),
            ShipmentException.state == state,
        )
        .order_by(ShipmentException.id.desc())
        .limit(limit + 1)
    )
    if shipment_id is not None:
        query = query.where(ShipmentException.shipment_id == shipment_id)
    if purchase_order_id is not None:
        query = query.where(ShipmentException.purchase_order_id == purchase_order_id)
    if cursor:
        query = query.where(ShipmentException.id < decode_cursor(cursor, 1)[0])
    return page_of(session.scalars(query).all(), limit, lambda row: [row.id])


def said_day(session: Session, purchase_order_id: UUID) -> date | None:
    """The last day by which its supplier said that a late purchase order leaves."""
    return session.scalar(
        select(func.max(ShipmentException.expected_on)).where(
            ShipmentException.purchase_order_id == purchase_order_id, ShipmentException.shipment_id.is_(None)
        )
    )


_TOOK = text("""
  with recent as (
    select id from purchase_orders
    where supplier_id = :supplier and released_at > :since and ship_to_country = :country
    order by released_at desc limit 400
  ), took as (
    select extract(epoch from s.delivered_at - coalesce(s.first_scan_at, s.shipped_at)) / 86400 as days
    from recent join shipments s on s.purchase_order_id = recent.id
    where s.delivered_at is not null and s.delivery_status = 'delivered' and s.shipment_status = 'shipped'
  )
  select count(*), percentile_cont(0.1) within group (order by days), percentile_cont(0.9) within group (order by days)
  from took where days >= 0
""")
_LOOK_BACK = timedelta(days=180)


def transit_history(session: Session, supplier_id: UUID, country: str, now: datetime) -> History | None:
    """How long a supplier's parcels took to a country lately; None where none has arrived. Needs a system scope: it is
    measured over all its retailers' parcels."""
    parcels, quick, slow = session.execute(
        _TOOK, {"supplier": supplier_id, "since": now - _LOOK_BACK, "country": country}
    ).one()
    return History(float(quick), float(slow), parcels) if parcels else None


def parcels_refused(session: Session, store_id: UUID) -> bool:
    """Whether a store has refused a parcel that it does not know yet."""
    return session.scalar(select(refused_by_store(store_id).exists())) or False


def refused_by_store(store_id: UUID) -> Select[UUID]:
    """The ids of the parcels that a store has refused and does not know yet."""
    return (
        select(Shipment.id)
        .join(Order, Order.id == Shipment.order_id)
        .where(Order.store_id == store_id, Shipment.store_error.is_not(None), Shipment.store_told_at.is_(None))
    )
