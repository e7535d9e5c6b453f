"""Saving the steps of a supplier's set-up, each on its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

import orjson
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import key_ring
from app.kit import clock
from app.kit.countries import country_codes
from app.kit.crypto import Place
from app.kit.errors import FieldError, Invalid, NotFound
from app.kit.ids import new_id
from app.kit.postal_codes import WITHOUT_POSTAL_CODE, like_postal_code
from app.suppliers.models import ReturnPolicy, Supplier, SupplierApplication
from app.suppliers.rules import BUSINESS_TYPES
from app.suppliers.rules.company import MISSING, WRONG, check_registration, check_tax_id, e164, web_address
from app.suppliers.rules.steps import COMPANY, CONNECTION, CONNECTIONS, CONTACTS, RETURNS
from app.suppliers.service.applying import NO_WEBSITE, NOT_A_PHONE, Contact, phone_hash, seal_contact
from app.suppliers.service.deciding import answered

#: Why goods come back, and who may pay for sending them.
RETURN_REASONS = ("damaged", "wrong_item", "not_as_described", "late", "changed_mind")
PAYERS = ("supplier", "retailer", "shopper")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalAddress:
    """An address of a company; sealed at rest."""

    name: str = ""
    address1: str
    address2: str = ""
    city: str
    postal_code: str
    country_code: str

    def __repr__(self) -> str:
        return "PostalAddress(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """What a supplier says of its company. A number may be missing if the reason is given."""

    business_type: str
    legal_name: str
    website: str | None
    registration_number: str
    registration_reason: str
    tax_id: str
    tax_reason: str
    address: PostalAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnTerms:
    """How a supplier takes goods back: days from delivery, basis points kept where nobody is to blame, who pays for the
    way back by reason, and for which reasons a photo is wanted."""

    window_days: int
    restocking_bps: int
    payers: Mapping[str, str]
    address: PostalAddress
    photo_reasons: Sequence[str] = ()


def save_company(session: Session, supplier_id: UUID, company: Company) -> None:
    """Keep the company's data. Raises ``Invalid`` with all that is wrong."""
    supplier, application = _both(session, supplier_id)
    registration = check_registration(supplier.country, company.registration_number)
    tax = check_tax_id(supplier.country, company.tax_id)
    wrong: list[FieldError] = []
    if company.business_type not in BUSINESS_TYPES:
        wrong.append(FieldError("business_type", "unknown", "Choose one."))
    if not company.legal_name.strip():
        wrong.append(FieldError("legal_name", "required", "The name as it stands in the register."))
    website = web_address(company.website) if company.website else None
    if company.website and website is None:
        wrong.append(FieldError("website", "invalid_url", NO_WEBSITE))
    for field, check, reason in (
        ("registration_number", registration, company.registration_reason),
        ("tax_id", tax, company.tax_reason),
    ):
        if check.state == WRONG:
            wrong.append(FieldError(field, "wrong_number", check.problem))
        elif check.state == MISSING and not reason.strip():
            wrong.append(FieldError(field, "required", "Fill this in, or say below why there is none."))
    wrong += _address_problems(company.address)
    if wrong:
        raise Invalid(wrong[0].message, errors=wrong)
    supplier.business_type, supplier.website = company.business_type, website
    supplier.updated_at = clock.now()
    application.legal_name = company.legal_name.strip()
    application.registration_number, application.tax_id = company.registration_number, company.tax_id
    application.registration_reason = "" if company.registration_number else company.registration_reason.strip()
    application.tax_reason = "" if company.tax_id else company.tax_reason.strip()
    application.tax_key = tax.compact
    application.address = key_ring().seal(
        orjson.dumps(asdict(company.address)), Place("supplier_applications", "address", supplier_id)
    )
    _saved(session, supplier_id, COMPANY)


def save_contacts(session: Session, supplier_id: UUID, contact: Contact) -> None:
    """Keep whom to speak to; phones in E.164. Raises ``Invalid`` with all that is wrong."""
    supplier, application = _both(session, supplier_id)
    wrong: list[FieldError] = []
    values = {"name": contact.name.strip()}
    if not values["name"]:
        wrong.append(FieldError("name", "required", "Please fill this in."))
    for field, needed in (("email", True), ("orders_email", False)):
        text = getattr(contact, field).strip()
        values[field] = text
        if not text and not needed:
            continue
        try:
            validate_email(text, check_deliverability=False)
        except EmailNotValidError:
            wrong.append(FieldError(field, "not_an_email", "An e-mail address such as orders@example.com."))
    for field, needed in (("phone", True), ("orders_phone", False)):
        text = getattr(contact, field).strip()
        number = e164(text, supplier.country) if text else None
        values[field] = number or ""
        if number is None and (text or needed):
            wrong.append(FieldError(field, "not_a_phone", NOT_A_PHONE))
    if wrong:
        raise Invalid(wrong[0].message, errors=wrong)
    application.contact = seal_contact(Contact(**values), supplier_id)
    application.phone_hash = phone_hash(values["phone"])
    _saved(session, supplier_id, CONTACTS)


def save_returns(session: Session, supplier_id: UUID, terms: ReturnTerms) -> ReturnPolicy:
    """Keep the terms of returns as a new version; the same terms again change nothing. Raises ``Invalid``."""
    _both(session, supplier_id)
    wrong: list[FieldError] = []
    if not 0 <= terms.window_days <= 365:
        wrong.append(FieldError("window_days", "out_of_range", "A whole number from 0 to 365."))
    if not 0 <= terms.restocking_bps <= 5000:
        wrong.append(FieldError("restocking", "out_of_range", "From 0 to 50 percent."))
    for reason in RETURN_REASONS:
        if terms.payers.get(reason) not in PAYERS:
            wrong.append(FieldError(f"payer-{reason}", "unknown", "Choose who pays."))
    if any(one not in RETURN_REASONS for one in terms.photo_reasons):
        wrong.append(FieldError("photo_reasons", "unknown", "Choose from the list."))
    wrong += _address_problems(terms.address)
    if wrong:
        raise Invalid(wrong[0].message, errors=wrong)
    newest = session.scalar(
        select(ReturnPolicy)
        .where(ReturnPolicy.supplier_id == supplier_id)
        .order_by(ReturnPolicy.version.desc())
        .limit(1)
    )
    if newest is not None and _same(newest, terms):
        answered(session, supplier_id, RETURNS)
        return newest
    row_id = new_id()
    highest = session.scalar(select(func.max(ReturnPolicy.version)).where(ReturnPolicy.supplier_id == supplier_id))
    row = ReturnPolicy(
        id=row_id,
        supplier_id=supplier_id,
        version=(highest or 0) + 1,
        window_days=terms.window_days,
        restocking_bps=terms.restocking_bps,
        payers=dict(terms.payers),
        photo_reasons=sorted(set(terms.photo_reasons)),
        address=key_ring().seal(orjson.dumps(asdict(terms.address)), Place("return_policies", "address", row_id)),
        created_at=clock.now(),
    )
    session.add(row)
    _saved(session, supplier_id, RETURNS)
    return row


def save_connection(session: Session, supplier_id: UUID, connection: str, note: str) -> None:
    """Keep how the supplier connects. Raises ``Invalid``."""
    if connection not in CONNECTIONS:
        raise Invalid.field("connection", "unknown", "Choose how you connect.")
    _, application = _both(session, supplier_id)
    application.connection, application.connection_note = connection, note.strip()
    _saved(session, supplier_id, CONNECTION)


def company_address(application: SupplierApplication) -> PostalAddress | None:
    """The company's address in the clear; None before it was told."""
    if application.address is None:
        return None
    place = Place("supplier_applications", "address", application.supplier_id)
    return PostalAddress(**orjson.loads(key_ring().open(application.address, place)))


def return_address(policy: ReturnPolicy) -> PostalAddress:
    """Where returned goods go, in the clear."""
    return PostalAddress(
        **orjson.loads(key_ring().open(policy.address, Place("return_policies", "address", policy.id)))
    )


def _same(policy: ReturnPolicy, terms: ReturnTerms) -> bool:
    return (policy.window_days, policy.restocking_bps, policy.payers, policy.photo_reasons) == (
        terms.window_days,
        terms.restocking_bps,
        dict(terms.payers),
        sorted(set(terms.photo_reasons)),
    ) and return_address(policy) == terms.address


def _address_problems(address: PostalAddress) -> list[FieldError]:
    wrong = [
        FieldError(field, "required", "Please fill this in.")
        for field in ("address1", "city")
        if not getattr(address, field).strip()
    ]
    country, code = address.country_code, address.postal_code.strip()
    if country not in country_codes():
        wrong.append(FieldError("country_code", "unknown_country", "Choose a country."))
    elif not code and country not in WITHOUT_POSTAL_CODE:
        wrong.append(FieldError("postal_code", "required", "Please fill this in."))
    elif code and (example := like_postal_code(country, code)) is not None:
        message = f"This is no postal code of the country; one looks like {example}."
        wrong.append(FieldError("postal_code", "malformed", message))
    return wrong


def _both(session: Session, supplier_id: UUID) -> tuple[Supplier, SupplierApplication]:
    supplier, application = session.get(Supplier, supplier_id), session.get(SupplierApplication, supplier_id)
    if supplier is None or application is None:
        raise NotFound("supplier")
    return supplier, application


def _saved(session: Session, supplier_id: UUID, step: str) -> None:
    session.flush()
    answered(session, supplier_id, step)
    audit.record(session, supplier_id, "suppliers.step_saved", "supplier", supplier_id, details={"step": step})
