"""Applying: a supplier opens its profile."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from uuid import UUID

import orjson
from slugify import slugify
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import key_ring, keyed_hash
from app.identity.models import Organisation
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import FieldError, Invalid
from app.outbox.service import emit
from app.suppliers.events import SupplierApplied
from app.suppliers.models import Supplier, SupplierApplication
from app.suppliers.rules import APPLIED, BUSINESS_TYPES
from app.suppliers.rules.company import WRONG, check_registration, check_tax_id, e164, web_address

NO_WEBSITE = "The address of a website, such as https://example.com."
NOT_A_PHONE = "This number can't be dialled. Write it with its country code, such as +49 30 901820."


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to speak to at a supplier; sealed at rest."""

    name: str
    email: str
    phone: str
    #: Whom to write to about orders, where it is somebody else.
    orders_email: str = ""
    orders_phone: str = ""

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

    def too_long(self) -> list[FieldError]:
        """Of each text that is longer than it may be, how long it may be."""
        longest = {"registration_number": 60, "tax_id": 60, "website": 300, "note": 2000}
        return [
            FieldError(name, "too_long", f"Use at most {most} characters.")
            for name, most in longest.items()
            if len(getattr(self, name) or "") > most
        ]


def apply(session: Session, organisation: Organisation, application: Application) -> Supplier:
    """Open a supplier's profile with status APPLIED. Raises ``Invalid`` with all that is wrong, also for
    numbers that can't be right."""
    wrong = application.too_long()
    if application.business_type not in BUSINESS_TYPES:
        wrong.append(FieldError("business_type", "unknown", f"One of: {', '.join(BUSINESS_TYPES)}."))
    registration = check_registration(organisation.country, application.registration_number)
    if registration.state == WRONG:
        wrong.append(FieldError("registration_number", "wrong_number", registration.problem))
    tax = check_tax_id(organisation.country, application.tax_id)
    if tax.state == WRONG:
        wrong.append(FieldError("tax_id", "wrong_number", tax.problem))
    website = web_address(application.website) if application.website else None
    if application.website and website is None:
        wrong.append(FieldError("website", "invalid_url", NO_WEBSITE))
    phone = e164(application.contact.phone, organisation.country)
    if phone is None:
        wrong.append(FieldError("phone", "not_a_phone", NOT_A_PHONE))
    if phone is None or wrong:
        raise Invalid(wrong[0].message, errors=wrong)
    contact = replace(application.contact, phone=phone)
    now = clock.now()
    supplier = Supplier(
        id=organisation.id,
        slug=_free_slug(session, organisation.name),
        company_name=organisation.name,
        description="",
        website=website,
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
            contact=seal_contact(contact, organisation.id),
            phone_hash=phone_hash(contact.phone),
            tax_key=tax.compact,
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


def checked_phone(field: str, text: str, country: str) -> str:
    """A phone number in E.164. Raises ``Invalid`` for what can't be dialled."""
    found = e164(text, country)
    if found is None:
        raise Invalid.field(field, "not_a_phone", NOT_A_PHONE)
    return found


def phone_hash(number: str) -> bytes:
    """What two suppliers with the same phone share."""
    return keyed_hash().of("supplier_phone", number)


def seal_contact(contact: Contact, supplier_id: UUID) -> bytes:
    """The contact as it is kept."""
    return key_ring().seal(orjson.dumps(asdict(contact)), Place("supplier_applications", "contact", supplier_id))


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
