"""Looking for parcels that are late, silent or lost. Each thing is found once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, or_, select
from sqlalchemy.orm import Session

from app.fulfillment.delays import (
    LOST_DAYS,
    STUCK_DAYS,
    day_is_over,
    route,
    should_have_left,
    silence,
    unscanned_too_long,
)
from app.fulfillment.models import Shipment, ShipmentException
from app.fulfillment.rules import FINAL, LATE, LOST_TRACK, NO_SCAN, SHIPPED, STUCK
from app.fulfillment.service import exceptions
from app.kit import clock
from app.orders.rules import CANCELLED
from app.purchasing.models import PurchaseOrder
from app.purchasing.queries import TO_LEAVE
from app.suppliers.models import Supplier
from app.suppliers.queries import closures_of
from app.suppliers.rules import Closure

_AT_ONCE = 300
_Id = SQLColumnExpression[UUID]


def watch_leaving(session: Session) -> int:
    """Find purchase orders whose promised day is over and that have not left. Returns how many were found."""
    now = clock.now()
    rows = session.execute(
        select(PurchaseOrder, Supplier.timezone, _said_day(PurchaseOrder.id, None))
        .join(Supplier, Supplier.id == PurchaseOrder.supplier_id)
        .where(
            PurchaseOrder.status.in_(TO_LEAVE),
            PurchaseOrder.released_at.is_not(None),
            PurchaseOrder.ship_by < now,
            # The store itself keeps it from leaving.
            PurchaseOrder.external_request_state.is_distinct_from("held"),
            ~_open(PurchaseOrder.id, None, LATE),
            ~_found_since(PurchaseOrder.id, None, LATE, PurchaseOrder.ship_by),
        )
        .order_by(PurchaseOrder.ship_by)
        .limit(_AT_ONCE)
    ).all()
    closed = _closures(session, {order.supplier_id for order, *_ in rows})
    found = 0
    for order, timezone, said in rows:
        assert order.ship_by is not None
        since = _since(order.ship_by, said)
        late = (
            day_is_over(said, now, timezone)
            if said is not None
            else should_have_left(order.ship_by, now, timezone, closed[order.supplier_id])
        )
        if late and exceptions.find(session, order, LATE, since):
            found += 1
    return found


def watch_on_the_way(session: Session, *, scanning: Collection[str]) -> int:
    """Find parcels that no carrier has scanned, that do not move, or that count as lost. ``scanning``: the carriers
    that tell scans. Returns how many were found."""
    now = clock.now()
    seen = func.coalesce(Shipment.last_event_at, Shipment.first_scan_at)
    left = func.coalesce(Shipment.handed_over_at, Shipment.created_at)
    at = func.coalesce(seen, left)
    rows = session.execute(
        select(
            Shipment,
            Supplier.timezone,
            Supplier.country,
            PurchaseOrder.ship_to_country,
            at,
            _said_day(None, Shipment.id),
        )
        .join(Supplier, Supplier.id == Shipment.supplier_id)
        .join(PurchaseOrder, PurchaseOrder.id == Shipment.purchase_order_id)
        .where(
            # Those that are followed; the index is there for them.
            Shipment.next_poll_at.is_not(None),
            Shipment.shipment_status == SHIPPED,
            Shipment.delivery_status.not_in((*FINAL, "available_for_pickup")),
            Shipment.carrier.in_(list(scanning)),
            at < now - timedelta(days=3),
            ~_open(None, Shipment.id, LOST_TRACK),
            or_(
                ~_open(None, Shipment.id, NO_SCAN, STUCK),
                at < now - timedelta(days=min(LOST_DAYS.values())),
            ),
            or_(Shipment.first_scan_at.is_(None), at < now - timedelta(days=min(STUCK_DAYS.values()))),
        )
        .order_by(Shipment.id)
        .limit(_AT_ONCE)
    ).all()
    closed = _closures(session, {shipment.supplier_id for shipment, *_ in rows})
    found = 0
    for shipment, timezone, sent_from, sent_to, last, said in rows:
        kind = silence(last, now, route(sent_from, sent_to))
        if shipment.first_scan_at is None and kind != LOST_TRACK:
            late = unscanned_too_long(last, now, timezone, closed[shipment.supplier_id])
            kind = NO_SCAN if late else None
        if kind is None or (kind != LOST_TRACK and said is not None and not day_is_over(said, now, timezone)):
            continue
        if exceptions.find(session, shipment, kind, _since(last, said if kind != LOST_TRACK else None)):
            found += 1
            if kind == LOST_TRACK:
                exceptions.end(session, "worse", shipment_id=shipment.id, kinds=(NO_SCAN, STUCK))
    return found


def end_what_left(session: Session) -> int:
    """End what was late and has left, or is not wanted any more. Returns how many there were."""
    rows = session.execute(
        select(ShipmentException.purchase_order_id, PurchaseOrder.status)
        .join(PurchaseOrder, PurchaseOrder.id == ShipmentException.purchase_order_id)
        .where(
            ShipmentException.state == "open",
            ShipmentException.kind == LATE,
            PurchaseOrder.status.not_in(TO_LEAVE),
        )
        .limit(_AT_ONCE)
    ).all()
    for purchase_order_id, status in rows:
        how = "cancelled" if status == CANCELLED else "sent"
        exceptions.end(session, how, purchase_order_id=purchase_order_id, kinds=(LATE,))
    return len(rows)


def unanswered_claims(session: Session, moment: datetime) -> list[UUID]:
    """What retailers want and their suppliers have not answered in time."""
    return list(
        session.scalars(
            select(ShipmentException.id)
            .where(ShipmentException.state == "open", ShipmentException.answer_by < moment)
            .order_by(ShipmentException.id)
            .limit(_AT_ONCE)
        )
    )


def _about(purchase_order_id: _Id | None, shipment_id: _Id | None) -> ColumnElement[bool]:
    if shipment_id is not None:
        return ShipmentException.shipment_id == shipment_id
    return and_(ShipmentException.purchase_order_id == purchase_order_id, ShipmentException.shipment_id.is_(None))


def _open(purchase_order_id: _Id | None, shipment_id: _Id | None, *kinds: str) -> ColumnElement[bool]:
    return (
        select(ShipmentException.id)
        .where(_about(purchase_order_id, shipment_id), ShipmentException.kind.in_(kinds))
        .where(ShipmentException.state == "open")
        .exists()
    )


def _found_since(
    purchase_order_id: _Id | None,
    shipment_id: _Id | None,
    kind: str,
    since: SQLColumnExpression[Any],
) -> ColumnElement[bool]:
    """Found for this very moment, and not put off to a later day."""
    return (
        select(ShipmentException.id)
        .where(
            _about(purchase_order_id, shipment_id),
            ShipmentException.kind == kind,
            ShipmentException.since == since,
            ShipmentException.expected_on.is_(None),
        )
        .exists()
    )


def _said_day(purchase_order_id: _Id | None, shipment_id: _Id | None) -> ColumnElement[date | None]:
    """The last day that the supplier promised when it was asked."""
    return (
        select(func.max(ShipmentException.expected_on)).where(_about(purchase_order_id, shipment_id)).scalar_subquery()
    )


def _since(first: datetime, said: date | None) -> datetime:
    return first if said is None else max(first, datetime.combine(said, time(), UTC))


def _closures(session: Session, supplier_ids: Iterable[UUID]) -> dict[UUID, list[Closure]]:
    return {
        supplier_id: [Closure(one.starts_on, one.ends_on) for one in rows]
        for supplier_id, rows in closures_of(session, supplier_ids).items()
    }
