"""Shipping, tracking, and what stores were told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, selectinload

from app.audit import service as audit
from app.config import settings
from app.fulfillment.carrier import CarrierEvent
from app.fulfillment.events import ShipmentCreated, ShipmentDelivered, ShipmentMoved, StoreToBeTold
from app.fulfillment.models import Shipment, ShipmentLine, TrackingEvent
from app.fulfillment.rules import FINAL, LABELS, lines_fingerprint, progressed
from app.inventory.service import Aside, consume
from app.kit import clock
from app.kit.errors import Conflict, FieldError, Invalid, NotFound
from app.kit.ids import new_id
from app.orders.service import write_timeline
from app.outbox.service import emit
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.service import refresh_status
from app.purchasing.service.acknowledging import locked_for_supplier, refuse_open_prices
from app.purchasing.service.settling import settle_requests
from app.purchasing.service.transmitting import note_answered


@dataclass(frozen=True, slots=True, kw_only=True)
class NewParcel:
    """A parcel that left: purchase order line → units."""

    carrier: str
    tracking_number: str
    tracking_url: str | None
    shipped_at: datetime | None
    lines: Mapping[UUID, int]
    #: What the number says of the carrier (``app.fulfillment.rules.NumberCheck``).
    number_check: str = "unknown"


@dataclass(frozen=True, slots=True)
class Shipped:
    """The parcel's row, and whether it is new."""

    shipment: Shipment
    created: bool


class QuantityExceedsOpen(Conflict):
    """More is to be shipped than is open; nothing was written."""

    code = "quantity_exceeds_open"
    title = "More than is open"


def ship(
    session: Session,
    supplier_id: UUID,
    purchase_order_id: UUID,
    parcels: Sequence[NewParcel],
) -> list[Shipped]:
    """Write down parcels of a purchase order. The same number with the same lines is the parcel that is there.

    Their units leave the stock; lines that had no answer count as accepted. Raises ``NotFound``, ``Invalid`` and
    ``QuantityExceedsOpen``.
    """
    purchase_order = locked_for_supplier(session, supplier_id, purchase_order_id)
    by_id = {line.id: line for line in purchase_order.lines}
    for index, parcel in enumerate(parcels):
        _check(parcel, index, by_id)
    results: list[Shipped] = []
    leaving: defaultdict[Aside, int] = defaultdict(int)
    for index, parcel in enumerate(parcels):
        known = _same_parcel(session, purchase_order_id, parcel)
        if known is not None:
            results.append(Shipped(known, created=False))
            continue
        refuse_open_prices(by_id[line_id] for line_id in parcel.lines)
        _take_from_lines(parcel, index, by_id)
        for line_id, units in parcel.lines.items():
            line = by_id[line_id]
            leaving[Aside(line.order_line_id, line.variant_id)] += units
        results.append(Shipped(_write(session, purchase_order, parcel), created=True))
    if leaving:
        session.flush()
        consume(session, leaving, reference=f"purchase_order:{purchase_order.id}")
        purchase_order.acknowledged_at = purchase_order.acknowledged_at or clock.now()
        note_answered(session, supplier_id, [purchase_order.id], by="answer")
        refresh_status(session, purchase_order)
        settle_requests(session, purchase_order, by_shipping=True)
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


def record_tracking(session: Session, shipment_id: UUID, events: Sequence[CarrierEvent], *, source: str) -> Shipment:
    """Add what is known of a parcel. Events may repeat and come in any order: what was seen stays seen."""
    shipment = _locked(session, shipment_id)
    before = shipment.delivery_status
    now = clock.now()
    for event in sorted(events, key=lambda event: event.at):
        added = session.scalar(
            upsert(TrackingEvent)
            .values(
                id=new_id(),
                shipment_id=shipment.id,
                retailer_id=shipment.retailer_id,
                supplier_id=shipment.supplier_id,
                external_id=event.id,
                at=event.at,
                delivery_status=event.delivery_status,
                description=event.description[:500],
                location=event.location[:200],
                source=source,
                recorded_at=now,
            )
            .on_conflict_do_nothing(index_elements=["shipment_id", "external_id"])
            .returning(TrackingEvent.id)
        )
        if added is None:
            continue
        shipment.delivery_status = progressed(shipment.delivery_status, event.delivery_status)
        scanned = source == "carrier" and event.delivery_status not in ("unknown", "pre_transit")
        if scanned and (shipment.first_scan_at is None or event.at < shipment.first_scan_at):
            shipment.first_scan_at = event.at
        if shipment.delivery_status == "delivered" and shipment.delivered_at is None:
            shipment.delivered_at = event.at
    if shipment.delivery_status != before:
        _moved(session, shipment)
    shipment.updated_at = now
    return shipment


def mark_delivered(session: Session, shipment: Shipment, *, source: str, at: datetime | None = None) -> Shipment:
    """A person says that a parcel arrived."""
    moment = at or clock.now()
    event = CarrierEvent(
        id=f"{source}:delivered",
        at=moment,
        delivery_status="delivered",
        description="Marked as delivered by hand.",
    )
    return record_tracking(session, shipment.id, [event], source=source)


def poll_again(session: Session, shipment_id: UUID, at: datetime | None) -> None:
    """When the carrier is asked next; None: never."""
    shipment = _locked(session, shipment_id)
    shipment.next_poll_at = None if shipment.delivery_status in FINAL else at


def note_store_told(session: Session, shipment_id: UUID, external_id: str) -> None:
    """The store (and so its customer) has the tracking number."""
    shipment = _locked(session, shipment_id)
    if shipment.store_told_at is None:
        shipment.external_fulfillment_id, shipment.store_told_at, shipment.store_error = (
            external_id,
            clock.now(),
            None,
        )
        _story(session, shipment, "store.tracking_told")


def note_nothing_to_tell(session: Session, shipment_id: UUID) -> None:
    """The store has no line that this parcel makes whole, so it is not told of it."""
    shipment = _locked(session, shipment_id)
    if shipment.store_told_at is None:
        shipment.store_told_at = clock.now()


def note_store_told_delivered(session: Session, shipment_id: UUID) -> None:
    """The store knows that the parcel arrived."""
    shipment = _locked(session, shipment_id)
    if shipment.store_told_delivered_at is None:
        shipment.store_told_delivered_at = clock.now()
        _story(session, shipment, "store.delivery_told")


def note_store_refused(session: Session, shipment_id: UUID, reason: str) -> None:
    """The store would not take the tracking number."""
    shipment = _locked(session, shipment_id)
    if shipment.store_error != reason:
        shipment.store_error = reason
        _story(session, shipment, "store.refused", reason=reason)


def tell_store_again(session: Session, retailer_id: UUID, shipment_id: UUID) -> Shipment:
    """The retailer put right what its store refused: the store is told of the parcel again. Raises ``NotFound``, and
    ``Conflict`` where the store refused nothing."""
    shipment = _locked(session, shipment_id)
    if shipment.retailer_id != retailer_id:
        raise NotFound("shipment")
    if shipment.store_error is None or shipment.store_told_at is not None:
        raise Conflict("The store has not refused this parcel.", code="nothing_refused")
    shipment.store_error = None
    _story(session, shipment, "store.asked_again")
    audit.record(session, retailer_id, "fulfillment.store_told_again", "shipment", shipment.id)
    emit(
        session,
        StoreToBeTold(
            shipment_id=shipment.id,
            purchase_order_id=shipment.purchase_order_id,
            order_id=shipment.order_id,
            retailer_id=shipment.retailer_id,
            supplier_id=shipment.supplier_id,
        ),
    )
    return shipment


def _check(parcel: NewParcel, index: int, lines: Mapping[UUID, PurchaseOrderLine]) -> None:
    where = f"parcels[{index}]"
    if not parcel.tracking_number.strip() or len(parcel.tracking_number) > 100:
        raise Invalid.field(f"{where}.tracking_number", "required", "A tracking number of up to 100 characters.")
    if not parcel.carrier.strip() or len(parcel.carrier) > 60:
        raise Invalid.field(f"{where}.carrier", "required", "Name the carrier.")
    if parcel.tracking_url is not None and not parcel.tracking_url.startswith(("https://", "http://")):
        raise Invalid.field(f"{where}.tracking_url", "invalid_url", "An address starts with https://.")
    if parcel.shipped_at is not None and parcel.shipped_at > clock.now() + timedelta(days=1):
        raise Invalid.field(f"{where}.shipped_at", "in_the_future", "The parcel can't have left yet.")
    if not parcel.lines:
        raise Invalid.field(f"{where}.lines", "required", "Say what is in the parcel.")
    for line_id, units in parcel.lines.items():
        if line_id not in lines:
            raise Invalid.field(f"{where}.lines", "unknown_line", "The purchase order has no such line.")
        if units < 1:
            raise Invalid.field(f"{where}.lines", "out_of_range", "A quantity is a whole number from 1 up.")


def _take_from_lines(parcel: NewParcel, index: int, lines: Mapping[UUID, PurchaseOrderLine]) -> None:
    errors = []
    for line_id, units in parcel.lines.items():
        line = lines[line_id]
        open_units = line.quantity - line.shipped - line.cancelled
        if units > open_units:
            errors.append(
                FieldError(
                    f"parcels[{index}].lines",
                    "quantity_exceeds_open",
                    f"{line.sku}: {open_units} open, {units} given.",
                )
            )
    if errors:
        raise QuantityExceedsOpen("More is to be shipped than is open.", errors=errors)
    for line_id, units in parcel.lines.items():
        lines[line_id].shipped += units
        lines[line_id].answer = "accepted"


def _same_parcel(session: Session, purchase_order_id: UUID, parcel: NewParcel) -> Shipment | None:
    return session.scalar(
        select(Shipment)
        .where(
            Shipment.purchase_order_id == purchase_order_id,
            Shipment.tracking_number == parcel.tracking_number.strip(),
            Shipment.lines_fingerprint == _fingerprint(parcel),
        )
        .options(selectinload(Shipment.lines))
    )


def _fingerprint(parcel: NewParcel) -> str:
    return lines_fingerprint({str(line_id): units for line_id, units in parcel.lines.items()})


def _write(
    session: Session,
    purchase_order: PurchaseOrder,
    parcel: NewParcel,
) -> Shipment:
    now = clock.now()
    shipment = Shipment(
        id=new_id(),
        purchase_order_id=purchase_order.id,
        order_id=purchase_order.order_id,
        retailer_id=purchase_order.retailer_id,
        supplier_id=purchase_order.supplier_id,
        carrier=parcel.carrier.strip(),
        tracking_number=parcel.tracking_number.strip(),
        tracking_url=parcel.tracking_url,
        lines_fingerprint=_fingerprint(parcel),
        number_check=parcel.number_check,
        shipment_status="shipped",
        delivery_status="unknown",
        shipped_at=parcel.shipped_at or now,
        estimated_from=purchase_order.estimated_from,
        estimated_to=purchase_order.estimated_to,
        next_poll_at=now + settings().tracking_poll,
        created_at=now,
        updated_at=now,
    )
    session.add(shipment)
    session.flush()
    session.execute(
        insert(ShipmentLine),
        [
            {
                "shipment_id": shipment.id,
                "purchase_order_line_id": line_id,
                "retailer_id": shipment.retailer_id,
                "supplier_id": shipment.supplier_id,
                "quantity": units,
            }
            for line_id, units in parcel.lines.items()
        ],
    )
    session.refresh(shipment, ["lines"])
    _story(session, shipment, "po.shipped", carrier=shipment.carrier, units=sum(parcel.lines.values()))
    emit(session, ShipmentCreated(**_ids(shipment)))
    return shipment


def _moved(session: Session, shipment: Shipment) -> None:
    _story(session, shipment, "carrier.status", status=LABELS[shipment.delivery_status])
    if shipment.delivery_status in FINAL:
        shipment.next_poll_at = None
    if shipment.delivery_status != "delivered":
        emit(session, ShipmentMoved(**_ids(shipment), delivery_status=shipment.delivery_status))
        return
    purchase_order = session.scalars(
        select(PurchaseOrder)
        .where(PurchaseOrder.id == shipment.purchase_order_id)
        .options(selectinload(PurchaseOrder.lines))
        .with_for_update(of=PurchaseOrder)
        .execution_options(populate_existing=True)
    ).one()
    by_id = {line.id: line for line in purchase_order.lines}
    for line in shipment.lines:
        by_id[line.purchase_order_line_id].delivered += line.quantity
    session.flush()
    refresh_status(session, purchase_order)
    emit(session, ShipmentDelivered(**_ids(shipment)))


def _locked(session: Session, shipment_id: UUID) -> Shipment:
    # The purchase order before its shipments, as shipping does.
    purchase_order_id = session.scalar(select(Shipment.purchase_order_id).where(Shipment.id == shipment_id))
    if purchase_order_id is None:
        raise NotFound("shipment")
    session.execute(select(PurchaseOrder.id).where(PurchaseOrder.id == purchase_order_id).with_for_update())
    return session.scalars(
        select(Shipment)
        .where(Shipment.id == shipment_id)
        .options(selectinload(Shipment.lines))
        .with_for_update(of=Shipment)
        .execution_options(populate_existing=True)
    ).one()


def _ids(shipment: Shipment) -> dict[str, UUID]:
    return {
        "shipment_id": shipment.id,
        "purchase_order_id": shipment.purchase_order_id,
        "order_id": shipment.order_id,
        "retailer_id": shipment.retailer_id,
        "supplier_id": shipment.supplier_id,
    }


def _story(session: Session, shipment: Shipment, message: str, **values: object) -> None:
    write_timeline(
        session,
        [
            {
                "order_id": shipment.order_id,
                "retailer_id": shipment.retailer_id,
                "purchase_order_id": shipment.purchase_order_id,
                "supplier_id": shipment.supplier_id,
                "message": message,
                "values": {"tracking_number": shipment.tracking_number, **values},
            }
        ],
    )
