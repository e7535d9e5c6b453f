"""What retailers read about a supplier."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from app.audit import service as audit
from app.identity.models import Organisation
from app.kit import clock
from app.kit.errors import Invalid, NotFound
from app.kit.money import LARGEST_MINOR
from app.kit.zones import is_zone
from app.suppliers.models import Supplier
from app.suppliers.rules.company import web_address
from app.suppliers.service.applying import NO_WEBSITE

#: The most characters of what a supplier says of itself.
LONGEST_DESCRIPTION = 4000


def change_profile(
    session: Session,
    supplier_id: UUID,
    *,
    description: str,
    website: str | None,
    handling_days: int | None,
    min_order_value: int,
) -> Supplier:
    """Change what retailers read about a supplier; without ``handling_days`` they stay. Raises ``Invalid``."""
    if handling_days is not None and not 0 <= handling_days <= 60:
        raise Invalid.field("handling_days", "out_of_range", "Handling takes between 0 and 60 working days.")
    if len(description.strip()) > LONGEST_DESCRIPTION:
        raise Invalid.field("description", "too_long", f"Use at most {LONGEST_DESCRIPTION} characters.")
    address = web_address(website) if website else None
    if website and address is None:
        raise Invalid.field("website", "invalid_url", NO_WEBSITE)
    if min_order_value < 0:
        raise Invalid.field("min_order_value", "out_of_range", "A minimum is not negative.")
    supplier = session.get(Supplier, supplier_id)
    if supplier is None:
        raise NotFound("supplier")
    supplier.description, supplier.website = description.strip(), address
    supplier.handling_days = supplier.handling_days if handling_days is None else handling_days
    supplier.min_order_value = min_order_value
    supplier.updated_at = clock.now()
    audit.record(session, supplier_id, "suppliers.profile_changed", "supplier", supplier_id)
    return supplier


def set_order_fee(session: Session, supplier_id: UUID, order_fee: int) -> Supplier:
    """Ask retailers for an amount once for each purchase order, in minor units of the supplier's currency; 0 for none.
    It counts for orders from now on: a purchase order keeps the fee that it was made with. Raises ``Invalid``."""
    if not 0 <= order_fee <= LARGEST_MINOR:
        raise Invalid.field("order_fee", "out_of_range", "A fee is not negative.")
    supplier = session.get(Supplier, supplier_id)
    if supplier is None:
        raise NotFound("supplier")
    if supplier.order_fee != order_fee:
        audit.record(
            session,
            supplier_id,
            "suppliers.order_fee_changed",
            "supplier",
            supplier_id,
            details={"from": supplier.order_fee, "to": order_fee, "currency": supplier.currency},
        )
        supplier.order_fee, supplier.updated_at = order_fee, clock.now()
    return supplier


def set_dispatch(
    session: Session,
    supplier_id: UUID,
    *,
    handling_days: int,
    cutoff_hour: int | None,
    timezone: str,
    no_post_boxes: bool | None = None,
) -> Supplier:
    """When parcels leave: working days of handling, and the hour of the supplier's day after which an order counts
    for the next one (None: no such hour); and whether they can't go to post boxes (None: as it was). The zone becomes
    that of all its people who chose no other. Raises ``Invalid``."""
    if not 0 <= handling_days <= 60:
        raise Invalid.field("handling_days", "out_of_range", "Handling takes between 0 and 60 working days.")
    if cutoff_hour is not None and not 0 <= cutoff_hour <= 23:
        raise Invalid.field("cutoff_hour", "out_of_range", "An hour from 0 to 23.")
    if not is_zone(timezone):
        raise Invalid.field("timezone", "unknown_timezone", "Choose a time zone such as Europe/Berlin.")
    supplier = session.get(Supplier, supplier_id)
    if supplier is None:
        raise NotFound("supplier")
    supplier.handling_days, supplier.cutoff_hour, supplier.timezone = handling_days, cutoff_hour, timezone
    session.get_one(Organisation, supplier_id).timezone = timezone
    if no_post_boxes is not None:
        supplier.no_post_boxes = no_post_boxes
    supplier.updated_at = clock.now()
    audit.record(session, supplier_id, "suppliers.dispatch_changed", "supplier", supplier_id)
    return supplier
