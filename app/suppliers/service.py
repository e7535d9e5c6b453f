"""Applying, deciding, and a supplier's own terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import orjson
from slugify import slugify
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import key_ring
from app.db import current_scope
from app.identity.models import Organisation
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.kit.texts import country_codes
from app.outbox.service import emit
from app.suppliers.events import SupplierApplied, SupplierStatusChanged
from app.suppliers.models import ShippingRate, Supplier, SupplierApplication, SupplierStatusChange
from app.suppliers.queries import own_rate
from app.suppliers.rules import APPLIED, BUSINESS_TYPES, Rate, may_move


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to speak to at a supplier; sealed at rest."""

    name: str
    email: str
    phone: str

    def __repr__(self) -> str:
        return "Contact(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What a supplier says of itself when it applies."""

    contact: Contact
    business_type: str
    registration_number: str
    tax_id: str
    catalogue_size: str
    website: str | None
    note: str


def apply(session: Session, organisation: Organisation, application: Application) -> Supplier:
    """Open a supplier's profile with status APPLIED. Raises ``Invalid``."""
    if application.business_type not in BUSINESS_TYPES:
        raise Invalid.field("business_type", "unknown", f"One of: {', '.join(BUSINESS_TYPES)}.")
    now = clock.now()
    supplier = Supplier(
        id=organisation.id,
        slug=_free_slug(session, organisation.name),
        company_name=organisation.name,
        description="",
        website=application.website,
        business_type=application.business_type,
        country=organisation.country,
        currency=organisation.currency,
        timezone=organisation.timezone,
        status=APPLIED,
        handling_days=2,
        shipping_methods=["standard"],
        min_order_value=0,
        search_text=organisation.name.casefold(),
        updated_at=now,
    )
    session.add(supplier)
    session.flush()
    session.add(
        SupplierApplication(
            supplier_id=organisation.id,
            contact=key_ring().seal(
                orjson.dumps(asdict(application.contact)),
                Place("supplier_applications", "contact", organisation.id),
            ),
            registration_number=application.registration_number,
            tax_id=application.tax_id,
            catalogue_size=application.catalogue_size,
            note=application.note,
            submitted_at=now,
        )
    )
    session.flush()
    audit.record(session, organisation.id, "suppliers.applied", "supplier", organisation.id)
    emit(session, SupplierApplied(supplier_id=organisation.id))
    return supplier


def decide(session: Session, supplier_id: UUID, status: str, *, reason: str) -> Supplier:
    """Move a supplier to another status, with a reason. Raises ``Conflict`` for a move that is not allowed."""
    supplier = session.scalar(select(Supplier).where(Supplier.id == supplier_id).with_for_update())
    if supplier is None:
        raise NotFound("supplier")
    if not may_move(supplier.status, status):
        raise Conflict(f"A supplier that is {supplier.status} can't become {status}.", code="move_not_allowed")
    now, actor = clock.now(), current_scope().actor
    session.add(
        SupplierStatusChange(
            id=new_id(),
            supplier_id=supplier_id,
            from_status=supplier.status,
            to_status=status,
            actor=actor,
            reason=reason,
            at=now,
        )
    )
    supplier.status, supplier.updated_at = status, now
    application = session.get(SupplierApplication, supplier_id)
    if application is not None and application.decided_at is None:
        application.decided_at, application.decided_by, application.decision_note = now, actor, reason
    audit.record(session, supplier_id, "suppliers.decided", "supplier", supplier_id, details={"status": status})
    emit(session, SupplierStatusChanged(supplier_id=supplier_id, status=status))
    return supplier


def contact_of(application: SupplierApplication) -> Contact:
    """The contact in the clear; the caller writes the reading into the audit log."""
    place = Place("supplier_applications", "contact", application.supplier_id)
    return Contact(**orjson.loads(key_ring().open(application.contact, place)))


def change_profile(
    session: Session,
    supplier_id: UUID,
    *,
    description: str,
    website: str | None,
    handling_days: int,
    min_order_value: int,
) -> Supplier:
    """Change what retailers read about a supplier. Raises ``Invalid``."""
    if not 0 <= handling_days <= 60:
        raise Invalid.field("handling_days", "out_of_range", "Handling takes between 0 and 60 working days.")
    if website and not website.startswith(("https://", "http://")):
        raise Invalid.field("website", "invalid_url", "An address starts with https://.")
    if min_order_value < 0:
        raise Invalid.field("min_order_value", "out_of_range", "A minimum is not negative.")
    supplier = session.get(Supplier, supplier_id)
    if supplier is None:
        raise NotFound("supplier")
    supplier.description, supplier.website = description.strip()[:4000], website
    supplier.handling_days, supplier.min_order_value = handling_days, min_order_value
    supplier.updated_at = clock.now()
    audit.record(session, supplier_id, "suppliers.profile_changed", "supplier", supplier_id)
    return supplier


def set_rates(session: Session, supplier_id: UUID, rates: Sequence[Rate]) -> None:
    """Replace a supplier's shipping rates. Raises ``Invalid``."""
    for index, rate in enumerate(rates):
        _check_rate(rate, f"rates[{index}].")
    session.execute(delete(ShippingRate).where(ShippingRate.supplier_id == supplier_id))
    session.add_all(ShippingRate(id=new_id(), supplier_id=supplier_id, **_columns(rate)) for rate in rates)
    session.flush()
    audit.record(session, supplier_id, "suppliers.rates_changed", "supplier", supplier_id)


def add_rate(session: Session, supplier_id: UUID, rate: Rate) -> UUID:
    """Add a shipping rate. Raises ``Invalid``, also for a name that another one has."""
    _check_rate(rate)
    _check_name_free(session, supplier_id, rate.name)
    row = ShippingRate(id=new_id(), supplier_id=supplier_id, **_columns(rate))
    session.add(row)
    session.flush()
    audit.record(session, supplier_id, "suppliers.rates_changed", "shipping_rate", row.id)
    return row.id


def change_rate(session: Session, supplier_id: UUID, rate_id: UUID, rate: Rate) -> None:
    """Change a shipping rate; orders placed before keep theirs. Raises ``NotFound`` and ``Invalid``."""
    row = own_rate(session, supplier_id, rate_id)
    _check_rate(rate)
    _check_name_free(session, supplier_id, rate.name, but=rate_id)
    for column, value in _columns(rate).items():
        setattr(row, column, value)
    session.flush()
    audit.record(session, supplier_id, "suppliers.rates_changed", "shipping_rate", rate_id)


def remove_rate(session: Session, supplier_id: UUID, rate_id: UUID) -> None:
    """Take a shipping rate away. Raises ``NotFound``."""
    session.delete(own_rate(session, supplier_id, rate_id))
    session.flush()
    audit.record(session, supplier_id, "suppliers.rates_changed", "shipping_rate", rate_id)


def _check_rate(rate: Rate, prefix: str = "") -> None:
    if not rate.name.strip() or len(rate.name) > 80:
        raise Invalid.field(f"{prefix}name", "required", "A name has 1 to 80 characters.")
    if not rate.countries:
        raise Invalid.field(f"{prefix}countries", "required", "Name at least one country, or * for all.")
    unknown = [code for code in rate.countries if code != "*" and code not in country_codes()]
    if unknown:
        raise Invalid.field(
            f"{prefix}countries", "unknown_country", f"{', '.join(unknown)}: not a country's ISO code such as DE or GB."
        )
    for field, amount in (("first_item", rate.first_item), ("next_item", rate.next_item)):
        if amount < 0:
            raise Invalid.field(f"{prefix}{field}", "out_of_range", "A rate is not negative.")
    for field, days in (("transit_days_min", rate.transit_days_min), ("transit_days_max", rate.transit_days_max)):
        if not 0 <= days <= 120:
            raise Invalid.field(f"{prefix}{field}", "out_of_range", "Transit takes 0 to 120 days.")
    if rate.transit_days_min > rate.transit_days_max:
        raise Invalid.field(f"{prefix}transit_days_max", "out_of_range", "The longest time is not below the shortest.")


def _check_name_free(session: Session, supplier_id: UUID, name: str, *, but: UUID | None = None) -> None:
    taken = session.scalar(
        select(ShippingRate.id).where(ShippingRate.supplier_id == supplier_id, ShippingRate.name == name.strip())
    )
    if taken is not None and taken != but:
        raise Invalid.field("name", "taken", "Another rate has this name.")


def _columns(rate: Rate) -> dict[str, Any]:
    return {**asdict(rate), "name": rate.name.strip(), "countries": list(dict.fromkeys(rate.countries))}


def _free_slug(session: Session, name: str) -> str:
    base = slugify(name)[:60] or "supplier"
    taken = set(session.scalars(select(Supplier.slug).where(Supplier.slug.startswith(base, autoescape=True))))
    if base not in taken:
        return base
    return next(f"{base}-{number}" for number in range(2, 10_000) if f"{base}-{number}" not in taken)
