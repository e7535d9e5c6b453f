"""Reads of shipments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.fulfillment.models import Shipment, TrackingEvent
from app.kit.errors import NotFound


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
