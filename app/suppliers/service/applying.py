"""Applying: a supplier opens its profile."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import orjson
from slugify import slugify
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import key_ring
from app.identity.models import Organisation
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Invalid
from app.outbox.service import emit
from app.suppliers.events import SupplierApplied
from app.suppliers.models import Supplier, SupplierApplication
from app.suppliers.rules import APPLIED, BUSINESS_TYPES


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


def contact_of(application: SupplierApplication) -> Contact:
    """The contact in the clear; the caller writes the reading into the audit log."""
    place = Place("supplier_applications", "contact", application.supplier_id)
    return Contact(**orjson.loads(key_ring().open(application.contact, place)))


def _free_slug(session: Session, name: str) -> str:
    base = slugify(name)[:60] or "supplier"
    taken = set(session.scalars(select(Supplier.slug).where(Supplier.slug.startswith(base, autoescape=True))))
    if base not in taken:
        return base
    return next(f"{base}-{number}" for number in range(2, 10_000) if f"{base}-{number}" not in taken)
