"""Looking for parcels that are late, silent or lost. Each thing is found once.

What the database can't judge (working days, time zones) is judged here, page by page through everything that may be
so: what stays as it is for days must not hide the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Interval, SQLColumnExpression, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from app.fulfillment.delays import (
    ABROAD,
    DOMESTIC,
    EU,
    LOST_DAYS,
    REGION,
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
from app.fulfillment.service.arrivals import came, counted
from app.kit import clock
from app.kit.days import end_of_day
from app.orders.rules import CANCELLED
from app.purchasing.leaving import late, to_leave
from app.purchasing.models import PurchaseOrder
from app.suppliers.models import Supplier
from app.suppliers.queries import closures_of
from app.suppliers.rules import Closure

_AT_ONCE = 300
_Id = SQLColumnExpression[UUID]


@dataclass(frozen=True, slots=True)
class Looked:
    """How many were found on a page of what may be so, and the key of its last row; None: there are no more pages."""

    found: int
    last: Mapping[str, Any] | None


def watch_leaving(session: Session, last: Mapping[str, Any] | None = None) -> Looked:
    """Find purchase orders whose promised day is over and that have not left, on the page after ``last``."""
    now = clock.now()
    said_day = _said_day(PurchaseOrder.id, None)
    query = (
        select(PurchaseOrder, Supplier.timezone, said_day)
        .join(Supplier, Supplier.id == PurchaseOrder.supplier_id)
        .where(
            late(now),
            PurchaseOrder.released_at.is_not(None),
            # The store itself keeps it from leaving.
            PurchaseOrder.external_request_state.is_distinct_from("held"),
            ~_open(PurchaseOrder.id, None, LATE),
            ~_found_since(PurchaseOrder.id, None, LATE, PurchaseOrder.ship_by),
            # Nowhere on earth is a day over before it is over in UTC by less than a day.
            or_(said_day.is_(None), said_day <= now.date()),
        )
        .order_by(PurchaseOrder.ship_by, PurchaseOrder.id)
        .limit(_AT_ONCE)
    )
    if last is not None:
        query = query.where(tuple_(PurchaseOrder.ship_by, PurchaseOrder.id) > (last["ship_by"], last["id"]))
    rows = session.execute(query).all()
    closed = _closures(session, {order.supplier_id for order, *_ in rows})
    found = 0
    for order, timezone, said in rows:
        assert order.ship_by is not None
        since = _since(order.ship_by, said, timezone)
        is_late = (
            day_is_over(said, now, timezone)
            if said is not None
            else should_have_left(order.ship_by, now, timezone, closed[order.supplier_id])
        )
        if is_late and exceptions.find(session, order, LATE, since):
            found += 1
    if len(rows) < _AT_ONCE:
        return Looked(found, None)
    return Looked(found, {"ship_by": rows[-1][0].ship_by, "id": rows[-1][0].id})


def watch_on_the_way(session: Session, last: Mapping[str, Any] | None = None, *, scanning: Collection[str]) -> Looked:
    """Find parcels that no carrier has scanned, that do not move, or that count as lost, on the page after ``last``.
    ``scanning``: the carriers that tell scans; of the others' parcels, those that somebody else tells of."""
    now = clock.now()
    seen = func.coalesce(Shipment.last_event_at, Shipment.first_scan_at)
    left = func.coalesce(Shipment.handed_over_at, Shipment.created_at)
    at = func.coalesce(seen, left)
    unscanned = Shipment.first_scan_at.is_(None)
    is_lost = at < now - _days(LOST_DAYS)
    query = (
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
            or_(Shipment.reported_by.is_not(None), Shipment.carrier.in_(list(scanning))),
            at < now - timedelta(days=3),
            ~_open(None, Shipment.id, LOST_TRACK),
            ~or_(came(), counted()),
            # What it is to be found as must not be what it was found as.
            or_(
                and_(is_lost, ~_found_since(None, Shipment.id, LOST_TRACK, at)),
                and_(
                    ~is_lost,
                    ~_open(None, Shipment.id, NO_SCAN, STUCK),
                    or_(
                        and_(unscanned, ~_found_since(None, Shipment.id, NO_SCAN, at)),
                        and_(~unscanned, at < now - _days(STUCK_DAYS), ~_found_since(None, Shipment.id, STUCK, at)),
                    ),
                ),
            ),
        )
        .order_by(Shipment.id)
        .limit(_AT_ONCE)
    )
    if last is not None:
        query = query.where(Shipment.id > last["id"])
    rows = session.execute(query).all()
    closed = _closures(session, {shipment.supplier_id for shipment, *_ in rows})
    found = 0
    for shipment, timezone, sent_from, sent_to, last_seen, said in rows:
        kind = silence(last_seen, now, route(sent_from, sent_to))
        if shipment.first_scan_at is None and kind != LOST_TRACK:
            overdue = unscanned_too_long(last_seen, now, timezone, closed[shipment.supplier_id])
            kind = NO_SCAN if overdue else None
        if kind is None or (kind != LOST_TRACK and said is not None and not day_is_over(said, now, timezone)):
            continue
        since = _since(last_seen, said if kind != LOST_TRACK else None, timezone)
        if exceptions.find(session, shipment, kind, since):
            found += 1
            if kind == LOST_TRACK:
                exceptions.end(session, "worse", shipment_id=shipment.id, kinds=(NO_SCAN, STUCK))
    return Looked(found, {"id": rows[-1][0].id} if len(rows) == _AT_ONCE else None)


def end_what_left(session: Session) -> int:
    """End what was late and has left, or is not wanted any more. Returns how many there were."""
    rows = session.execute(
        select(ShipmentException.purchase_order_id, PurchaseOrder.status)
        .join(PurchaseOrder, PurchaseOrder.id == ShipmentException.purchase_order_id)
        .where(
            ShipmentException.state == "open",
            ShipmentException.kind == LATE,
            ~to_leave(),
        )
        .limit(_AT_ONCE)
    ).all()
    for purchase_order_id, status in rows:
        how = "cancelled" if status == CANCELLED else "sent"
        exceptions.end(session, how, purchase_order_id=purchase_order_id, kinds=(LATE,))
    return len(rows)


def end_what_arrived(session: Session) -> int:
    """End what is open about parcels whose goods have arrived otherwise or count so. Returns of how many parcels."""
    return exceptions.end_arrived(session, _AT_ONCE)


def unanswered_claims(session: Session, moment: datetime, last: UUID | None = None) -> list[UUID]:
    """What retailers want and their suppliers have not answered in time, the page after ``last``; an empty one is the
    end."""
    query = (
        select(ShipmentException.id)
        .where(ShipmentException.state == "open", ShipmentException.answer_by < moment)
        .order_by(ShipmentException.id)
        .limit(_AT_ONCE)
    )
    return list(session.scalars(query if last is None else query.where(ShipmentException.id > last)))


def _days(by_way: Mapping[str, int]) -> ColumnElement[timedelta]:
    """So many days by the way of a parcel, as ``delays.route`` tells ways apart."""
    sent_from, sent_to = Supplier.country, PurchaseOrder.ship_to_country
    return case(
        (sent_from == sent_to, literal(timedelta(days=by_way[DOMESTIC]), Interval)),
        (and_(sent_from.in_(EU), sent_to.in_(EU)), literal(timedelta(days=by_way[REGION]), Interval)),
        else_=literal(timedelta(days=by_way[ABROAD]), Interval),
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


def _since(first: datetime, said: date | None, timezone: str) -> datetime:
    return first if said is None else max(first, end_of_day(said, timezone))


def _closures(session: Session, supplier_ids: Iterable[UUID]) -> dict[UUID, list[Closure]]:
    return {
        supplier_id: [Closure(one.starts_on, one.ends_on) for one in rows]
        for supplier_id, rows in closures_of(session, supplier_ids).items()
    }
