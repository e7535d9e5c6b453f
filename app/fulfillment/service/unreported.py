"""Parcels whose way nobody reports: their retailers say whether they have arrived. Where nobody says anything for long,
they count as arrived, so that their suppliers are paid; nobody else is told that they were delivered."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from app.audit import service as audit
from app.config import settings
from app.db import current_scope
from app.fulfillment.delays import ASSUMED_AFTER_DAYS, arrives_by, counts_as_arrived, route
from app.fulfillment.models import Shipment, ShipmentException
from app.fulfillment.rules import BY_SUPPLIER, FINAL, LOST, LOST_TRACK, RETURNED, SHIPPED, UNREPORTED, VOIDED
from app.fulfillment.service import exceptions
from app.fulfillment.service.arrivals import not_arrived
from app.fulfillment.service.locking import locked, tell_story
from app.fulfillment.service.tracking import mark_delivered
from app.fulfillment.service.watching import Looked
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.purchasing.models import PurchaseOrder
from app.suppliers.models import Supplier

_AT_ONCE = 300
_NOTICE = timedelta(days=ASSUMED_AFTER_DAYS)


def is_on_its_way(shipment: Shipment) -> bool:
    """Whether a parcel has left and nothing is known yet of how its way ends."""
    return shipment.shipment_status == SHIPPED and shipment.delivery_status not in FINAL


def nobody_reports(shipment: Shipment, *, scanning: Collection[str]) -> bool:
    """Whether a parcel is on its way and nobody tells where it is: neither its carrier nor a gateway. One that left a
    moment ago has not been asked about yet. ``scanning``: the carriers that tell of their parcels themselves."""
    if not is_on_its_way(shipment) or shipment.reported_by is not None or shipment.carrier in scanning:
        return False
    asked = clock.now() - shipment.created_at > settings().tracking_poll + timedelta(hours=1)
    return asked or shipment.next_poll_at is None


def due_day(shipment: Shipment) -> date | None:
    """The day by which a parcel whose way nobody reports should have arrived; None where it is not known (yet)."""
    return None if shipment.assumed_on is None else shipment.assumed_on - _NOTICE


def may_be_missed(shipment: Shipment) -> bool:
    """Whether it is time to say that a parcel has not arrived."""
    due = due_day(shipment)
    return due is not None and due < clock.now().date() and shipment.assumed_at is None


def _over_since(due: date) -> datetime:
    """From when a parcel is missed that should have arrived by a day."""
    return datetime.combine(due, time(), UTC)


def watch_unreported(session: Session, last: Mapping[str, Any] | None = None, *, scanning: Collection[str]) -> Looked:
    """Find parcels that should have arrived by now and whose way nobody reports, on the page after ``last``; of those
    that are new the day is noted. ``scanning``: the carriers that tell of their parcels themselves."""
    now = clock.now()
    query = (
        select(Shipment, Supplier.country, PurchaseOrder.ship_to_country)
        .join(Supplier, Supplier.id == Shipment.supplier_id)
        .join(PurchaseOrder, PurchaseOrder.id == Shipment.purchase_order_id)
        .where(
            *_unreported(scanning),
            # Who could follow it has been asked by then.
            Shipment.created_at < now - 2 * settings().tracking_poll,
            or_(
                Shipment.assumed_on.is_(None),
                and_(
                    Shipment.assumed_on < (now + _NOTICE).date(),
                    ~_open(ShipmentException.kind.in_((UNREPORTED, LOST_TRACK))),
                ),
            ),
        )
        .order_by(Shipment.id)
        .limit(_AT_ONCE)
    )
    if last is not None:
        query = query.where(Shipment.id > last["id"])
    rows = session.execute(query).all()
    found = 0
    for shipment, sent_from, sent_to in rows:
        due = due_day(shipment)
        if due is None:
            due = _should_arrive(shipment, sent_from, sent_to)
            shipment.assumed_on = counts_as_arrived(due, now.date())
        elif exceptions.find(session, shipment, UNREPORTED, _over_since(due)):
            found += 1
    return Looked(found, {"id": rows[-1][0].id} if len(rows) == _AT_ONCE else None)


def promised_day(session: Session, shipment: Shipment) -> date:
    """The day by which a parcel should have arrived, by what was promised and by its way."""
    countries = session.execute(
        select(Supplier.country, PurchaseOrder.ship_to_country)
        .join(PurchaseOrder, PurchaseOrder.supplier_id == Supplier.id)
        .where(PurchaseOrder.id == shipment.purchase_order_id)
    ).one()
    return _should_arrive(shipment, *countries)


def _should_arrive(shipment: Shipment, sent_from: str, sent_to: str) -> date:
    promised = max(filter(None, (shipment.estimated_to, shipment.carrier_to)), default=None)
    left = (shipment.shipped_at or shipment.created_at).date()
    return arrives_by(promised, left, route(sent_from, sent_to))


def say_arrived(session: Session, retailer_id: UUID, shipment_id: UUID) -> Shipment:
    """The retailer says that a parcel has arrived, also one of which its supplier alone says so. Twice is once. Raises
    ``NotFound``, and ``Conflict`` for one that is not on its way."""
    shipment = _of_retailer(session, retailer_id, shipment_id)
    if shipment.delivery_status == "delivered" and shipment.arrival_told_by != BY_SUPPLIER:
        return shipment
    if shipment.delivery_status == "delivered":
        tell_story(session, shipment, "po.said_arrived_retailer")
    else:
        _on_its_way(shipment)
    mark_delivered(session, shipment, source=current_scope().actor, by="retailer")
    audit.record(session, retailer_id, "fulfillment.said_arrived", "shipment", shipment.id)
    return shipment


def say_missing(session: Session, retailer_id: UUID, shipment_id: UUID) -> None:
    """The retailer says that a parcel whose way nobody reports has not arrived: it counts as lost, and can be claimed.
    Twice is once. Raises ``NotFound``, and ``Conflict`` before the day on which it should have arrived is over, for one
    that is not on its way, and for one that others report."""
    shipment = _of_retailer(session, retailer_id, shipment_id)
    _on_its_way(shipment)
    not_arrived(session, shipment)
    due = due_day(shipment)
    if shipment.reported_by is not None or due is None:
        raise Conflict("Where this parcel is gets reported; it counts as lost by itself.", code="reported")
    if not may_be_missed(shipment):
        raise Conflict(f"It may still come until {due.isoformat()}.", code="may_still_come")
    if exceptions.find(session, shipment, LOST_TRACK, _over_since(due), told="exception.missing") is None:
        return
    exceptions.end(session, "worse", shipment_id=shipment.id, kinds=(UNREPORTED,))
    audit.record(session, retailer_id, "fulfillment.said_missing", "shipment", shipment.id)


def due_without_word(session: Session, last: UUID | None = None, *, scanning: Collection[str]) -> list[UUID]:
    """Parcels that count as arrived now, the page after ``last``; an empty one is the end. Needs a system scope."""
    query = select(Shipment.id).where(*_uncontested(scanning)).order_by(Shipment.id).limit(_AT_ONCE)
    return list(session.scalars(query if last is None else query.where(Shipment.id > last)))


def count_as_arrived(session: Session, shipment_id: UUID, *, scanning: Collection[str]) -> bool:
    """Nobody complained of a parcel in time: it counts as arrived for its supplier's payout. False where that is not so
    any more. Needs a system scope."""
    shipment = locked(session, shipment_id)
    still = select(Shipment.id).where(Shipment.id == shipment_id, *_uncontested(scanning))
    if session.scalar(still) is None:
        return False
    shipment.assumed_at = shipment.updated_at = clock.now()
    exceptions.end(session, "assumed", shipment_id=shipment.id, kinds=(UNREPORTED,))
    tell_story(session, shipment, "money.arrival_assumed")
    return True


def _unreported(scanning: Collection[str]) -> list[ColumnElement[bool]]:
    later = aliased(Shipment)
    sent_again = (
        select(later.id)
        .where(
            or_(
                later.replaces_id == Shipment.id,
                and_(later.replaces_id == Shipment.replaces_id, later.id > Shipment.id),
            ),
            later.shipment_status != VOIDED,
        )
        .exists()
    )
    first = aliased(Shipment)
    given_up = select(first.id).where(first.id == Shipment.replaces_id, first.shipment_status.in_((LOST, RETURNED)))
    return [
        Shipment.shipment_status == SHIPPED,
        Shipment.delivered_at.is_(None),
        Shipment.reported_by.is_(None),
        Shipment.assumed_at.is_(None),
        Shipment.delivery_status.not_in(FINAL),
        Shipment.carrier.not_in(list(scanning)),
        # The parcel that was sent last with its goods counts.
        ~sent_again,
        # What was paid back is neither asked about nor earned.
        ~given_up.exists(),
    ]


def _uncontested(scanning: Collection[str]) -> list[ColumnElement[bool]]:
    """What counts as arrived: its last day is over, its retailer was asked, and nothing else is said of it; nor does
    its retailer claim a parcel with the same goods."""
    first = aliased(Shipment)
    claimed = (
        select(ShipmentException.id)
        .join(first, first.id == ShipmentException.shipment_id)
        .where(
            or_(first.id == Shipment.replaces_id, first.replaces_id == Shipment.replaces_id),
            ShipmentException.state == "open",
            ShipmentException.claimed.is_not(None),
        )
        .exists()
    )
    return [
        *_unreported(scanning),
        ~claimed,
        Shipment.assumed_on < clock.now().date(),
        _open(ShipmentException.kind == UNREPORTED),
        ~_open(ShipmentException.kind != UNREPORTED),
    ]


def _open(which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether something such is open about a parcel."""
    about = select(ShipmentException.id).where(ShipmentException.shipment_id == Shipment.id, which)
    return about.where(ShipmentException.state == "open").exists()


def _of_retailer(session: Session, retailer_id: UUID, shipment_id: UUID) -> Shipment:
    whose = select(Shipment.id).where(Shipment.id == shipment_id, Shipment.retailer_id == retailer_id)
    if session.scalar(whose) is None:
        raise NotFound("shipment")
    return locked(session, shipment_id)


def _on_its_way(shipment: Shipment) -> None:
    if not is_on_its_way(shipment):
        raise Conflict("This parcel is not on its way to your customer.", code="not_on_its_way")
