"""Where parcels are: what carriers and people say of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, case, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.db import together
from app.fulfillment.carrier import CarrierEvent, Tracked
from app.fulfillment.events import ArrivalConfirmed, ShipmentDelivered, ShipmentMoved
from app.fulfillment.models import Shipment, TrackingEvent
from app.fulfillment.rules import (
    ANNOUNCED,
    ARRIVAL_TOLD_BY,
    BY_CARRIER,
    BY_SUPPLIER,
    ENDED_BY_SCAN,
    FINAL,
    GOES_BACK,
    LABELS,
    LOST,
    RETURNED,
    SCANNED_VOID,
    SENT_CANCELLED,
    VOIDED,
    progressed,
    scanned,
)
from app.fulfillment.service import exceptions
from app.fulfillment.service.locking import ids_of, locked, purchase_order_of, tell_story
from app.fulfillment.service.shipping import leave_by_scan
from app.kit import clock
from app.kit.errors import Conflict
from app.kit.ids import new_id
from app.kit.texts import cut
from app.outbox.service import emit
from app.purchasing.service import refresh_status


def record_tracking(
    session: Session, shipment_id: UUID, events: Sequence[CarrierEvent], *, source: str, told_by: str = BY_CARRIER
) -> Shipment:
    """Add what is known of a parcel. Events may repeat and come in any order: what was seen stays seen. The first scan
    of an announced parcel is its leaving; one of a parcel that was taken back is a matter for people. ``told_by``:
    whose word it is, of ``app.fulfillment.rules.ARRIVAL_TOLD_BY``."""
    shipment = locked(session, shipment_id)
    if any(event.delivery_status == "delivered" for event in events):
        _confirm(session, shipment, told_by)
    before, seen = shipment.delivery_status, shipment.first_scan_at
    added = _added(session, shipment, events, source)
    if not added:
        return shipment
    for event in added:
        _take_in(shipment, event, by_carrier=source == "carrier", told_by=told_by)
    if seen is None and shipment.first_scan_at is not None:
        _first_scanned(session, shipment, shipment.first_scan_at)
    by_scan = source == "carrier" and any(scanned(event.delivery_status) for event in added)
    if by_scan or (shipment.delivery_status != before and shipment.delivery_status == "delivered"):
        exceptions.end(session, "moved", shipment_id=shipment.id, kinds=ENDED_BY_SCAN)
    if shipment.delivery_status != before and shipment.shipment_status != VOIDED:
        _moved(session, shipment)
    shipment.updated_at = clock.now()
    return shipment


def mark_delivered(
    session: Session, shipment: Shipment, *, source: str, at: datetime | None = None, by: str = ""
) -> Shipment:
    """A person says that a parcel arrived; ``by``: of the ``retailer`` or the ``supplier``, for the order's story.
    Raises ``Conflict`` for one that has not left or was taken back."""
    if shipment.shipment_status in (ANNOUNCED, VOIDED):
        raise Conflict("This parcel has not left. Ship it first.", code="not_shipped")
    if by and shipment.delivery_status != "delivered":
        tell_story(session, shipment, f"po.said_arrived_{by}")
    moment = at or clock.now()
    event = CarrierEvent(
        id=f"{source}:delivered",
        at=moment,
        delivery_status="delivered",
        description="Marked as delivered by hand.",
    )
    told_by = by if by in ARRIVAL_TOLD_BY else BY_CARRIER
    return record_tracking(session, shipment.id, [event], source=source, told_by=told_by)


def take_in(session: Session, shipment_id: UUID, told: Tracked, *, again: datetime) -> Shipment:
    """What a carrier told of a parcel: events, and between which days it delivers. It is asked ``again`` then, unless
    nothing more is to be learned."""
    with together(session):
        shipment = record_tracking(session, shipment_id, told.events, source="carrier")
    _note_estimate(shipment, told.estimated_from, told.estimated_to)
    if is_settled(shipment):
        shipment.next_poll_at = None
    else:
        shipment.next_poll_at = again
    return shipment


def says_nothing_new(shipment: Shipment, known: Collection[str], told: Tracked) -> bool:
    """Whether all that a carrier tells of a parcel was told before; ``known``: its events' ids."""
    first, last = told.estimated_from or told.estimated_to, told.estimated_to or told.estimated_from
    if shipment.arrival_told_by == BY_SUPPLIER and told.delivery_status == "delivered":
        return False
    same = (first, last) in ((None, None), (shipment.carrier_from, shipment.carrier_to))
    return same and all(event.id in known for event in told.events)


def poll_again(session: Session, shipment_ids: Collection[UUID], at: datetime | None) -> None:
    """When it is asked next about parcels of which nothing new was told; None: never, since nobody tells. Parcels that
    somebody works on just now are left as they are, and so asked about sooner."""
    free = (
        select(Shipment.id)
        .where(Shipment.id.in_(shipment_ids), Shipment.next_poll_at.is_not(None))
        .order_by(Shipment.id)
        .with_for_update(skip_locked=True)
    )
    over = or_(
        and_(Shipment.delivery_status.in_(FINAL), Shipment.arrival_told_by.is_distinct_from(BY_SUPPLIER)),
        Shipment.shipment_status == VOIDED,
    )
    change = update(Shipment).where(Shipment.id.in_(session.scalars(free).all()))
    if at is not None:
        change = change.values(next_poll_at=case((over, None), else_=at))
    else:
        change = change.values(
            next_poll_at=None,
            reported_by=case((over, Shipment.reported_by), else_=None),
            tracker_ref=case((over, Shipment.tracker_ref), else_=None),
        )
    session.execute(change.execution_options(synchronize_session=False))


def _note_estimate(shipment: Shipment, first: date | None, last: date | None) -> None:
    """The carrier says between which days it delivers a locked parcel."""
    first, last = first or last, last or first
    if first is not None and last is not None:
        shipment.carrier_from, shipment.carrier_to = first, last


def _added(session: Session, shipment: Shipment, events: Sequence[CarrierEvent], source: str) -> list[CarrierEvent]:
    """Keep what was not known yet; returns it, oldest first."""
    now = clock.now()
    by_id: dict[str, CarrierEvent] = {}
    for event in sorted(events, key=lambda event: event.at):
        by_id.setdefault(event.id, event)
    if not by_id:
        return []
    new = set(
        session.scalars(
            upsert(TrackingEvent)
            .values(
                [
                    {
                        "id": new_id(),
                        "shipment_id": shipment.id,
                        "retailer_id": shipment.retailer_id,
                        "supplier_id": shipment.supplier_id,
                        "external_id": event.id,
                        "at": event.at,
                        "delivery_status": event.delivery_status,
                        "description": cut(event.description, 500),
                        "location": cut(event.location, 200),
                        "source": source,
                        "recorded_at": now,
                    }
                    for event in by_id.values()
                ]
            )
            .on_conflict_do_nothing(index_elements=["shipment_id", "external_id"])
            .returning(TrackingEvent.external_id)
        )
    )
    return [event for event in by_id.values() if event.id in new]


def is_settled(shipment: Shipment) -> bool:
    """Whether nobody is to be asked where a parcel is any more. What its supplier alone tells is asked about."""
    if shipment.shipment_status == VOIDED:
        return True
    return shipment.delivery_status in FINAL and shipment.arrival_told_by != BY_SUPPLIER


def _confirm(session: Session, shipment: Shipment, told_by: str) -> None:
    """Somebody else tells of an arrival that its supplier alone had told of."""
    if shipment.arrival_told_by != BY_SUPPLIER or told_by == BY_SUPPLIER:
        return
    shipment.arrival_told_by = told_by
    shipment.next_poll_at = None
    emit(session, ArrivalConfirmed(**ids_of(shipment)))


def _take_in(shipment: Shipment, event: CarrierEvent, *, by_carrier: bool, told_by: str) -> None:
    shipment.delivery_status = progressed(shipment.delivery_status, event.delivery_status)
    if by_carrier and (shipment.last_event_at is None or event.at > shipment.last_event_at):
        shipment.last_event_at = event.at
    if (
        by_carrier
        and scanned(event.delivery_status)
        and (shipment.first_scan_at is None or event.at < shipment.first_scan_at)
    ):
        shipment.first_scan_at = event.at
    if shipment.delivery_status == "delivered" and shipment.delivered_at is None:
        shipment.delivered_at, shipment.arrival_told_by = event.at, told_by


def _first_scanned(session: Session, shipment: Shipment, at: datetime) -> None:
    if shipment.shipment_status == VOIDED:
        exceptions.find(session, shipment, SCANNED_VOID, at)
    if shipment.shipment_status == ANNOUNCED and leave_by_scan(
        session, purchase_order_of(session, shipment), shipment, at
    ):
        exceptions.find(session, shipment, SENT_CANCELLED, at)


def _moved(session: Session, shipment: Shipment) -> None:
    tell_story(session, shipment, "carrier.status", status=LABELS[shipment.delivery_status])
    if is_settled(shipment):
        shipment.next_poll_at = None
    if shipment.delivery_status == "return_to_sender":
        exceptions.find(session, shipment, GOES_BACK, shipment.last_event_at or clock.now())
    if shipment.delivery_status != "delivered":
        emit(session, ShipmentMoved(**ids_of(shipment), delivery_status=shipment.delivery_status))
        return
    if shipment.shipment_status in (LOST, RETURNED) or _arrived_before(session, shipment):
        # Its units were given back, or came with the parcel that was sent instead.
        return
    purchase_order = purchase_order_of(session, shipment)
    by_id = {line.id: line for line in purchase_order.lines}
    for line in shipment.lines:
        by_id[line.purchase_order_line_id].delivered += line.quantity
    session.flush()
    refresh_status(session, purchase_order)
    emit(session, ShipmentDelivered(**ids_of(shipment)))


def _arrived_before(session: Session, shipment: Shipment) -> bool:
    """Whether another parcel with the same units arrived: the one that this was sent instead of, or one sent instead of
    this."""
    first = shipment.replaces_id or shipment.id
    others = select(Shipment.id).where(
        (Shipment.id == first) | (Shipment.replaces_id == first),
        Shipment.id != shipment.id,
        Shipment.delivery_status == "delivered",
    )
    return session.scalar(others.limit(1)) is not None
