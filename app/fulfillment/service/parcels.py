"""A parcel as its supplier tells of it: what can't be right of it, whether it is one that we know, its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session, selectinload

from app.config import settings
from app.fulfillment.models import Shipment, ShipmentLine
from app.fulfillment.rules import ANNOUNCED, VOIDED, lines_fingerprint
from app.kit import clock
from app.kit.errors import Conflict, FieldError, Invalid
from app.kit.ids import new_id
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine

#: An announcement further ahead is a slip of the pen.
_ANNOUNCED_AHEAD = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewParcel:
    """A package that left or is about to: purchase order line → units."""

    carrier: str
    tracking_number: str
    tracking_url: str | None
    shipped_at: datetime | None
    lines: Mapping[UUID, int]
    #: What the number says of the carrier (``app.fulfillment.rules.NumberCheck``).
    number_check: str = "unknown"
    #: The supplier's own word for the package, such as its SSCC. One that is announced needs this or a number.
    package_ref: str = ""
    #: The day on which an announced one is to leave.
    expected_ship_on: date | None = None


class QuantityExceedsOpen(Conflict):
    """More is to be shipped than is open; nothing was written."""

    code = "quantity_exceeds_open"
    title = "More than is open"


def check_parcel(
    parcel: NewParcel, index: int, lines: Mapping[UUID, PurchaseOrderLine], *, announced: bool = False
) -> None:
    """Raises ``Invalid`` by the field."""
    where = f"parcels[{index}]"
    if announced:
        _check_announced(parcel, where)
    elif not parcel.tracking_number.strip():
        raise Invalid.field(f"{where}.tracking_number", "required", "A tracking number of up to 100 characters.")
    check_way(parcel.carrier, parcel.tracking_number, parcel.tracking_url, where=f"{where}.")
    if len(parcel.package_ref) > 60:
        raise Invalid.field(f"{where}.package_ref", "too_long", "At most 60 characters.")
    if parcel.shipped_at is not None and parcel.shipped_at > clock.now() + timedelta(days=1):
        raise Invalid.field(f"{where}.shipped_at", "in_the_future", "The parcel can't have left yet.")
    check_lines(parcel.lines, lines, where=f"{where}.")


def _check_announced(parcel: NewParcel, where: str) -> None:
    if not parcel.tracking_number.strip() and not parcel.package_ref.strip():
        raise Invalid.field(
            f"{where}.package_ref", "required", "Give its tracking number, or a word of your own for the package."
        )
    day = parcel.expected_ship_on
    if day is None:
        raise Invalid.field(f"{where}.expected_ship_on", "required", "Say on which day it is to leave.")
    today = clock.now().date()
    # Somewhere it is still yesterday.
    if not today - timedelta(days=1) <= day <= today + _ANNOUNCED_AHEAD:
        raise Invalid.field(f"{where}.expected_ship_on", "out_of_range", "A day from today on, within 90 days.")


def check_way(carrier: str, tracking_number: str, tracking_url: str | None, *, where: str = "") -> None:
    """Raises ``Invalid`` for a carrier, number or page that can't be one."""
    if len(tracking_number) > 100:
        raise Invalid.field(f"{where}tracking_number", "too_long", "A tracking number of up to 100 characters.")
    if not carrier.strip() or len(carrier) > 60:
        raise Invalid.field(f"{where}carrier", "required", "Name the carrier.")
    if tracking_url is not None and not tracking_url.startswith(("https://", "http://")):
        raise Invalid.field(f"{where}tracking_url", "invalid_url", "An address starts with https://.")


def check_lines(wanted: Mapping[UUID, int], lines: Mapping[UUID, PurchaseOrderLine], *, where: str = "") -> None:
    """Raises ``Invalid`` for lines that are not the purchase order's, and for quantities that are none."""
    if not wanted:
        raise Invalid.field(f"{where}lines", "required", "Say what is in the parcel.")
    for line_id, units in wanted.items():
        if line_id not in lines:
            raise Invalid.field(f"{where}lines", "unknown_line", "The purchase order has no such line.")
        if units < 1:
            raise Invalid.field(f"{where}lines", "out_of_range", "A quantity is a whole number from 1 up.")


def check_open(
    wanted: Mapping[UUID, int],
    lines: Mapping[UUID, PurchaseOrderLine],
    *,
    taken: Mapping[UUID, int] | None = None,
    where: str = "",
) -> None:
    """Raises ``QuantityExceedsOpen`` where more is wanted than is open, less what is ``taken`` by announced parcels."""
    errors = []
    for line_id, units in wanted.items():
        line = lines[line_id]
        left = line.quantity - line.shipped - line.cancelled - (taken or {}).get(line_id, 0)
        if units > left:
            errors.append(
                FieldError(f"{where}lines", "quantity_exceeds_open", f"{line.sku}: {left} open, {units} given.")
            )
    if errors:
        raise QuantityExceedsOpen("More is to be shipped than is open.", errors=errors)


def known_parcel(session: Session, purchase_order_id: UUID, parcel: NewParcel) -> Shipment | None:
    """The parcel that this one is: the announced one of its number or package, or the one with its number and lines."""
    number, package = parcel.tracking_number.strip(), parcel.package_ref.strip()
    found = session.scalars(
        select(Shipment)
        .where(Shipment.purchase_order_id == purchase_order_id, Shipment.shipment_status != VOIDED)
        .options(selectinload(Shipment.lines))
        .order_by(Shipment.id)
    ).all()
    for one in found:
        if one.tracking_number == number and one.lines_fingerprint == fingerprint(parcel.lines, package):
            return one
    for one in found:
        same = (number and one.tracking_number == number) or (package and one.package_ref == package)
        if same and one.shipment_status == ANNOUNCED:
            return one
    return None


def fingerprint(lines: Mapping[UUID, int], package_ref: str = "") -> str:
    """What tells parcels of one number apart."""
    return lines_fingerprint({str(line_id): units for line_id, units in lines.items()}, package_ref)


def write_parcel(
    session: Session,
    purchase_order: PurchaseOrder,
    parcel: NewParcel,
    *,
    status: str,
    replaces: Shipment | None = None,
) -> Shipment:
    """The rows of a parcel."""
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
        package_ref=parcel.package_ref.strip(),
        replaces_id=None if replaces is None else replaces.id,
        lines_fingerprint=fingerprint(parcel.lines, parcel.package_ref.strip()),
        number_check=parcel.number_check,
        shipment_status=status,
        delivery_status="unknown",
        expected_ship_on=parcel.expected_ship_on,
        shipped_at=None if status == ANNOUNCED else parcel.shipped_at or now,
        estimated_from=purchase_order.estimated_from,
        estimated_to=purchase_order.estimated_to,
        next_poll_at=now + settings().tracking_poll if parcel.tracking_number.strip() else None,
        revision=0,
        units_revision=0,
        created_at=now,
        updated_at=now,
    )
    shipment.lines = [
        ShipmentLine(
            shipment_id=shipment.id,
            purchase_order_line_id=line_id,
            retailer_id=shipment.retailer_id,
            supplier_id=shipment.supplier_id,
            quantity=units,
        )
        for line_id, units in parcel.lines.items()
    ]
    session.add(shipment)
    session.flush()
    return shipment


def write_lines(session: Session, shipment: Shipment, lines: Mapping[UUID, int]) -> None:
    """Say what is in a parcel, instead of what was said before."""
    session.execute(delete(ShipmentLine).where(ShipmentLine.shipment_id == shipment.id))
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
            for line_id, units in lines.items()
        ],
    )
    session.expire(shipment, ["lines"])
    session.refresh(shipment, ["lines"])


def units_of(shipment: Shipment) -> dict[UUID, int]:
    """Purchase order line → units in the parcel."""
    return {line.purchase_order_line_id: line.quantity for line in shipment.lines}
