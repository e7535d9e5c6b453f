"""Parcels that leave, and those that are announced before they do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import settings
from app.db import together
from app.fulfillment.events import ShipmentAnnounced, ShipmentCreated
from app.fulfillment.models import Shipment, ShipmentLine
from app.fulfillment.rules import ANNOUNCED, SHIPPED
from app.fulfillment.service import exceptions
from app.fulfillment.service.locking import ids_of, locked_of_supplier, tell_story
from app.fulfillment.service.parcels import (
    NewParcel,
    check_lines,
    check_open,
    check_parcel,
    check_way,
    fingerprint,
    known_parcel,
    units_of,
    write_lines,
    write_parcel,
)
from app.inventory.service import Aside, consume
from app.kit import clock
from app.kit.errors import Conflict, Invalid
from app.outbox.service import emit
from app.purchasing.leaving import is_to_leave
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.service import refresh_status
from app.purchasing.service.acknowledging import locked_for_supplier, refuse_open_prices
from app.purchasing.service.settling import settle_requests
from app.purchasing.service.status import counts, note_leaving
from app.purchasing.service.transmitting import note_answered


@dataclass(frozen=True, slots=True)
class Shipped:
    """The parcel's row, and whether it is new."""

    shipment: Shipment
    created: bool


def ship(
    session: Session,
    supplier_id: UUID,
    purchase_order_id: UUID,
    parcels: Sequence[NewParcel],
) -> list[Shipped]:
    """Write down parcels of a purchase order that left. The same number with the same lines is the parcel that is
    there; one that was announced (by its number or ``package_ref``) leaves with the lines that are given now.

    Their units leave the stock; lines that had no answer count as accepted. Raises ``NotFound``, ``Invalid`` and
    ``QuantityExceedsOpen``.
    """
    with together(session):
        return _ship(session, supplier_id, purchase_order_id, parcels)


def _ship(session: Session, supplier_id: UUID, purchase_order_id: UUID, parcels: Sequence[NewParcel]) -> list[Shipped]:
    purchase_order = locked_for_supplier(session, supplier_id, purchase_order_id)
    by_id = {line.id: line for line in purchase_order.lines}
    for index, parcel in enumerate(parcels):
        check_parcel(parcel, index, by_id)
    results: list[Shipped] = []
    leaving: defaultdict[UUID, int] = defaultdict(int)
    for index, parcel in enumerate(parcels):
        known = known_parcel(session, purchase_order_id, parcel)
        if known is not None and known.shipment_status != ANNOUNCED:
            results.append(Shipped(known, created=False))
            continue
        refuse_open_prices(by_id[line_id] for line_id in parcel.lines)
        _take(parcel.lines, by_id, where=f"parcels[{index}].")
        for line_id, units in parcel.lines.items():
            leaving[line_id] += units
        if known is None:
            shipment = write_parcel(session, purchase_order, parcel, status=SHIPPED)
        else:
            shipment = known
            _as_told(session, shipment, parcel)
            _gone(shipment, parcel.shipped_at)
        _left(session, shipment)
        results.append(Shipped(shipment, created=True))
    if leaving:
        _settle(session, purchase_order, leaving)
        audit.record(
            session,
            supplier_id,
            "fulfillment.shipped",
            "purchase_order",
            purchase_order.id,
            details={
                "parcels": sum(1 for result in results if result.created),
                "units": sum(leaving.values()),
            },
        )
    return results


def announce(
    session: Session,
    supplier_id: UUID,
    purchase_order_id: UUID,
    parcels: Sequence[NewParcel],
) -> list[Shipped]:
    """Write down packages that are about to leave (an advance ship notice). The same package announced again changes
    nothing.

    Their units stay open and in stock until the first scan or the supplier's word (``hand_over``, ``ship``). Lines that
    had no answer count as accepted, and the purchase order as being packed. Raises ``NotFound``, ``Invalid`` and
    ``QuantityExceedsOpen``: announced and shipped together are never more than was ordered.
    """
    purchase_order = locked_for_supplier(session, supplier_id, purchase_order_id)
    by_id = {line.id: line for line in purchase_order.lines}
    for index, parcel in enumerate(parcels):
        check_parcel(parcel, index, by_id, announced=True)
    taken = announced_units(session, purchase_order_id)
    results: list[Shipped] = []
    for index, parcel in enumerate(parcels):
        known = known_parcel(session, purchase_order_id, parcel)
        if known is not None:
            results.append(Shipped(known, created=False))
            continue
        refuse_open_prices(by_id[line_id] for line_id in parcel.lines)
        check_open(parcel.lines, by_id, taken=taken, where=f"parcels[{index}].")
        shipment = write_parcel(session, purchase_order, parcel, status=ANNOUNCED)
        for line_id, units in parcel.lines.items():
            taken[line_id] = taken.get(line_id, 0) + units
            note_leaving(by_id[line_id], taken[line_id])
        tell_story(session, shipment, "po.announced", units=sum(parcel.lines.values()), day=_day(parcel))
        emit(session, ShipmentAnnounced(**ids_of(shipment)))
        results.append(Shipped(shipment, created=True))
    if any(result.created for result in results):
        now = clock.now()
        purchase_order.acknowledged_at = purchase_order.acknowledged_at or now
        purchase_order.processing_at = purchase_order.processing_at or now
        session.flush()
        note_answered(session, supplier_id, [purchase_order.id], by="answer")
        refresh_status(session, purchase_order)
        made = sum(1 for result in results if result.created)
        audit.record(
            session,
            supplier_id,
            "fulfillment.announced",
            "purchase_order",
            purchase_order.id,
            details={"parcels": made},
        )
    return results


def hand_over(
    session: Session,
    supplier_id: UUID,
    shipment_id: UUID,
    *,
    carrier: str | None = None,
    tracking_number: str | None = None,
    tracking_url: str | None = None,
    number_check: str = "unknown",
) -> Shipped:
    """An announced parcel left, by the supplier's word; with its number, where it had none. Twice is once. Raises
    ``NotFound``, ``Invalid``, ``QuantityExceedsOpen``, and ``Conflict`` for one that was taken back."""
    purchase_order, shipment = locked_of_supplier(session, supplier_id, shipment_id)
    if shipment.shipment_status == SHIPPED:
        return Shipped(shipment, created=False)
    if shipment.shipment_status != ANNOUNCED:
        raise Conflict("This parcel was taken back. Ship it anew.", code="shipment_voided")
    number = (tracking_number or "").strip()
    if number:
        check_way(carrier or shipment.carrier, number, tracking_url)
        shipment.carrier, shipment.tracking_number = (carrier or shipment.carrier).strip(), number
        shipment.tracking_url, shipment.number_check = tracking_url, number_check
    if not shipment.tracking_number:
        raise Invalid.field("tracking_number", "required", "A tracking number of up to 100 characters.")
    by_id = {line.id: line for line in purchase_order.lines}
    units = units_of(shipment)
    _take(units, by_id)
    _gone(shipment, None)
    _left(session, shipment)
    _settle(session, purchase_order, units)
    audit.record(session, supplier_id, "fulfillment.handed_over", "shipment", shipment.id)
    return Shipped(shipment, created=True)


def leave_by_scan(session: Session, purchase_order: PurchaseOrder, shipment: Shipment, at: datetime) -> int:
    """The carrier has an announced parcel: it left. Units that were cancelled meanwhile leave nobody's order; returns
    how many those are."""
    by_id = {line.id: line for line in purchase_order.lines}
    wanted = units_of(shipment)
    kept = {
        line_id: min(units, by_id[line_id].quantity - by_id[line_id].shipped - by_id[line_id].cancelled)
        for line_id, units in wanted.items()
    }
    kept = {line_id: units for line_id, units in kept.items() if units}
    over = sum(wanted.values()) - sum(kept.values())
    _gone(shipment, at)
    if kept and over:
        shipment.lines_fingerprint = fingerprint(kept, shipment.package_ref)
        write_lines(session, shipment, kept)
    if kept:
        _take(kept, by_id)
        _left(session, shipment)
        _settle(session, purchase_order, kept)
    return over


def announced_units(session: Session, purchase_order_id: UUID, *, but: UUID | None = None) -> dict[UUID, int]:
    """Units of each line that are in announced parcels (``but`` one)."""
    rows = session.execute(
        select(ShipmentLine.purchase_order_line_id, func.sum(ShipmentLine.quantity))
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(
            Shipment.purchase_order_id == purchase_order_id,
            Shipment.shipment_status == ANNOUNCED,
            Shipment.id.is_distinct_from(but),
        )
        .group_by(ShipmentLine.purchase_order_line_id)
    )
    return {line_id: int(units) for line_id, units in rows}


def check_units(
    session: Session, purchase_order: PurchaseOrder, shipment: Shipment, wanted: Mapping[UUID, int]
) -> None:
    """Raises ``Invalid`` and ``QuantityExceedsOpen`` where a parcel can't hold these units instead of its own."""
    by_id = {line.id: line for line in purchase_order.lines}
    check_lines(wanted, by_id)
    if shipment.shipment_status == ANNOUNCED:
        taken = announced_units(session, purchase_order.id, but=shipment.id)
        check_open(wanted, by_id, taken=taken)
        return
    had = units_of(shipment)
    more = {line_id: units - had.get(line_id, 0) for line_id, units in wanted.items()}
    check_open({line_id: units for line_id, units in more.items() if units > 0}, by_id)


def _take(wanted: Mapping[UUID, int], lines: Mapping[UUID, PurchaseOrderLine], *, where: str = "") -> None:
    check_open(wanted, lines, where=where)
    for line_id, units in wanted.items():
        lines[line_id].shipped += units
        note_leaving(lines[line_id], 0)


def _as_told(session: Session, shipment: Shipment, parcel: NewParcel) -> None:
    """An announced parcel leaves as its supplier tells of it now."""
    shipment.carrier, shipment.tracking_number = parcel.carrier.strip(), parcel.tracking_number.strip()
    shipment.tracking_url, shipment.number_check = parcel.tracking_url, parcel.number_check
    if units_of(shipment) != dict(parcel.lines):
        write_lines(session, shipment, parcel.lines)
    shipment.lines_fingerprint = fingerprint(parcel.lines, shipment.package_ref)


def _gone(shipment: Shipment, at: datetime | None) -> None:
    now = clock.now()
    shipment.shipment_status, shipment.shipped_at, shipment.handed_over_at = SHIPPED, at or now, now
    shipment.updated_at = now
    if shipment.next_poll_at is None:
        shipment.next_poll_at = now + settings().tracking_poll


def _left(session: Session, shipment: Shipment) -> None:
    units = sum(line.quantity for line in shipment.lines)
    tell_story(session, shipment, "po.shipped", carrier=shipment.carrier, units=units)
    emit(session, ShipmentCreated(**ids_of(shipment)))


def _settle(session: Session, purchase_order: PurchaseOrder, leaving: Mapping[UUID, int]) -> None:
    """The units leave the stock, and the purchase order follows."""
    by_id = {line.id: line for line in purchase_order.lines}
    gone: defaultdict[Aside, int] = defaultdict(int)
    for line_id, units in leaving.items():
        gone[Aside(by_id[line_id].order_line_id, by_id[line_id].variant_id)] += units
    session.flush()
    consume(session, gone, reference=f"purchase_order:{purchase_order.id}")
    purchase_order.acknowledged_at = purchase_order.acknowledged_at or clock.now()
    note_answered(session, purchase_order.supplier_id, [purchase_order.id], by="answer")
    refresh_status(session, purchase_order)
    settle_requests(session, purchase_order, by_shipping=True)
    if not is_to_leave(purchase_order.status, map(counts, purchase_order.lines)):
        exceptions.end(session, "sent", purchase_order_id=purchase_order.id)


def _day(parcel: NewParcel) -> str:
    return parcel.expected_ship_on.isoformat() if parcel.expected_ship_on else ""
