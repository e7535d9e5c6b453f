"""What a supplier said of a parcel and was not so: its number, its units, or that it left at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.audit import service as audit
from app.config import settings
from app.fulfillment.events import ShipmentCorrected, ShipmentVoided
from app.fulfillment.models import Shipment, ShipmentLine
from app.fulfillment.rules import ANNOUNCED, FINAL, LEFT, SHIPPED, VOIDED, may_become, scanned
from app.fulfillment.service import exceptions
from app.fulfillment.service.arrivals import has_arrived, not_arrived
from app.fulfillment.service.locking import ids_of, locked_of_supplier, tell_story
from app.fulfillment.service.parcels import check_way, fingerprint, units_of, write_lines
from app.fulfillment.service.shipping import check_units
from app.fulfillment.service.store import compare_again
from app.inventory.service import Aside, consume, undo_consume
from app.kit import clock
from app.kit.errors import Conflict, Invalid
from app.outbox.service import emit
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.service import refresh_status
from app.purchasing.service.status import note_leaving


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """How a parcel really is. ``tracking_number`` with its carrier, and ``lines`` (purchase order line → units), each
    None where it was right."""

    carrier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    number_check: str = "unknown"
    lines: Mapping[UUID, int] | None = None


def correct(session: Session, supplier_id: UUID, shipment_id: UUID, correction: Correction) -> Shipment:
    """Put right what was said of a parcel. The same correction again changes nothing.

    Number and carrier can be changed until the carrier has scanned the number, the units until the parcel has arrived
    or goes back. Raises ``NotFound``, ``Invalid``, ``QuantityExceedsOpen`` and ``Conflict``.
    """
    purchase_order, shipment = locked_of_supplier(session, supplier_id, shipment_id)
    changed = _correct_number(session, shipment, correction)
    if correction.lines is not None and dict(correction.lines) != units_of(shipment):
        _correct_units(session, purchase_order, shipment, correction.lines)
        changed.append("lines")
    if not changed:
        return shipment
    print_ = fingerprint(units_of(shipment), shipment.package_ref)
    _not_another(session, shipment, print_)
    shipment.lines_fingerprint = print_
    shipment.revision += 1
    shipment.updated_at = clock.now()
    session.flush()
    audit.record(session, supplier_id, "fulfillment.corrected", "shipment", shipment.id, details={"changed": changed})
    emit(session, ShipmentCorrected(**ids_of(shipment)))
    return shipment


def void(session: Session, supplier_id: UUID, shipment_id: UUID, *, reason: str) -> Shipment:
    """Take back a parcel that was never handed over: its units are open again and set aside for their orders as they
    were before. Twice is once. Raises ``NotFound``, ``Invalid`` without a reason, and ``Conflict`` once its carrier has
    scanned it, somebody has said that it or one sent instead of it arrived, or its goods count as arrived."""
    purchase_order, shipment = locked_of_supplier(session, supplier_id, shipment_id)
    if shipment.shipment_status == VOIDED:
        return shipment
    if not reason.strip() or len(reason) > 200:
        raise Invalid.field("reason", "required", "Say in up to 200 characters why it is taken back.")
    if shipment.first_scan_at is not None or not may_become(shipment.shipment_status, VOIDED, shipment.delivery_status):
        _too_late(shipment)
    not_arrived(session, shipment)
    left = shipment.shipment_status == SHIPPED and shipment.replaces_id is None
    now = clock.now()
    shipment.shipment_status, shipment.voided_at, shipment.void_reason = VOIDED, now, reason.strip()
    shipment.next_poll_at, shipment.updated_at = None, now
    session.flush()
    if left:
        _move_units(session, purchase_order, {line_id: -units for line_id, units in units_of(shipment).items()})
        refresh_status(session, purchase_order, undone=True)
        exceptions.open_again(session, "sent", purchase_order_id=purchase_order.id)
    exceptions.end(session, "voided", shipment_id=shipment.id)
    if shipment.replaces_id is not None and not has_arrived(session, shipment.id):
        exceptions.open_again(session, "resent", shipment_id=shipment.replaces_id)
    tell_story(session, shipment, "po.parcel_voided", carrier=shipment.carrier, reason=reason.strip())
    audit.record(
        session, supplier_id, "fulfillment.voided", "shipment", shipment.id, details={"reason": reason.strip()}
    )
    emit(session, ShipmentVoided(**ids_of(shipment)))
    compare_again(session, _sharing(session, purchase_order, shipment))
    return shipment


def _correct_number(session: Session, shipment: Shipment, correction: Correction) -> list[str]:
    number = (correction.tracking_number or shipment.tracking_number).strip()
    carrier = (correction.carrier or shipment.carrier).strip()
    if (number, carrier) == (shipment.tracking_number, shipment.carrier):
        return []
    check_way(carrier, number, correction.tracking_url)
    _still_ours(shipment)
    if shipment.first_scan_at is not None or scanned(shipment.delivery_status):
        raise Conflict(
            "The carrier has scanned this number, so it is in use. If another parcel left as well, ship that one too.",
            code="already_scanned",
        )
    changed = [
        name
        for name, before, after in (
            ("tracking_number", shipment.tracking_number, number),
            ("carrier", shipment.carrier, carrier),
        )
        if before != after
    ]
    was, by = shipment.tracking_number, shipment.carrier
    shipment.tracking_number, shipment.carrier = number, carrier
    shipment.tracking_url, shipment.number_check = correction.tracking_url, correction.number_check
    shipment.next_poll_at = clock.now() + settings().tracking_poll if number else None
    # Whoever told of the number that it had knows nothing of the other one.
    shipment.reported_by, shipment.tracker_ref, shipment.assumed_on = None, None, None
    if was == number:
        tell_story(session, shipment, "po.parcel_carrier_corrected", was_carrier=by, carrier=carrier)
    elif shipment.shipment_status != ANNOUNCED or was:
        tell_story(session, shipment, "po.parcel_corrected", was=was, carrier=carrier)
    return changed


def _correct_units(
    session: Session, purchase_order: PurchaseOrder, shipment: Shipment, wanted: Mapping[UUID, int]
) -> None:
    _still_ours(shipment)
    if shipment.replaces_id is not None:
        raise Conflict("This parcel was sent instead of another one and holds what that one held.", code="replacement")
    if shipment.delivery_status in FINAL:
        raise Conflict(
            "The parcel has arrived or goes back; what was missing or too much in it is settled by a return.",
            code="already_arrived",
        )
    not_arrived(session, shipment)
    check_units(session, purchase_order, shipment, wanted)
    had = units_of(shipment)
    write_lines(session, shipment, wanted)
    shipment.units_revision += 1
    tell_story(session, shipment, "po.parcel_units_corrected", was=sum(had.values()), units=sum(wanted.values()))
    if shipment.shipment_status != SHIPPED:
        return
    change = {line_id: wanted.get(line_id, 0) - had.get(line_id, 0) for line_id in {*wanted, *had}}
    _move_units(session, purchase_order, change)
    refresh_status(session, purchase_order, undone=True)
    compare_again(session, _sharing(session, purchase_order, shipment))


def _move_units(session: Session, purchase_order: PurchaseOrder, change: Mapping[UUID, int]) -> None:
    """More units of lines left than was said, or fewer; stock and reservations follow."""
    by_id: dict[UUID, PurchaseOrderLine] = {line.id: line for line in purchase_order.lines}
    out: defaultdict[Aside, int] = defaultdict(int)
    back: defaultdict[Aside, int] = defaultdict(int)
    for line_id, units in change.items():
        line = by_id[line_id]
        line.shipped += units
        whose = Aside(line.order_line_id, line.variant_id)
        if units > 0:
            note_leaving(line, 0)
            out[whose] += units
        elif units < 0:
            back[whose] -= units
    session.flush()
    undo_consume(session, back, reference=f"purchase_order:{purchase_order.id}")
    consume(session, out, reference=f"purchase_order:{purchase_order.id}")


def _sharing(session: Session, purchase_order: PurchaseOrder, shipment: Shipment) -> list[Shipment]:
    """Other parcels of an order with parts of bundles that this parcel has parts of: with it changes what they make
    whole."""
    parts = {line.order_line_id for line in purchase_order.lines if line.id in units_of(shipment)}
    rows = session.scalars(
        select(Shipment)
        .join(ShipmentLine, ShipmentLine.shipment_id == Shipment.id)
        .join(PurchaseOrderLine, PurchaseOrderLine.id == ShipmentLine.purchase_order_line_id)
        .where(
            PurchaseOrderLine.order_line_id.in_(parts),
            (PurchaseOrderLine.component > 0) | (PurchaseOrderLine.per_unit > 1),
            Shipment.id != shipment.id,
            Shipment.shipment_status.in_(list(LEFT)),
        )
        .options(selectinload(Shipment.lines))
        .order_by(Shipment.id)
        .distinct()
    )
    return list(rows)


def _not_another(session: Session, shipment: Shipment, print_: str) -> None:
    with session.no_autoflush:
        other = session.scalar(
            select(Shipment.id).where(
                Shipment.purchase_order_id == shipment.purchase_order_id,
                Shipment.tracking_number == shipment.tracking_number,
                Shipment.lines_fingerprint == print_,
                Shipment.shipment_status != VOIDED,
                Shipment.id != shipment.id,
            )
        )
    if other is not None:
        raise Conflict("Another parcel has this number and these units already.", code="same_parcel")


def _still_ours(shipment: Shipment) -> None:
    if shipment.shipment_status not in (ANNOUNCED, SHIPPED):
        raise Conflict(
            f"A parcel that is {shipment.shipment_status} can't be corrected. Ship it anew.", code="shipment_closed"
        )


def _too_late(shipment: Shipment) -> NoReturn:
    if shipment.delivery_status == "delivered":
        detail = "It was delivered. If something is wrong with it, settle it by a return."
    elif shipment.first_scan_at is not None or scanned(shipment.delivery_status):
        detail = (
            "The carrier has scanned this parcel, so it left. Have the carrier send it back; when it comes, resend it "
            "or give the money back."
        )
    else:
        detail = f"A parcel that is {shipment.shipment_status} can't be taken back."
    raise Conflict(detail, code="already_handed_over")
