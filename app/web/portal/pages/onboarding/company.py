"""Who the company is, and whom to speak to."""

from __future__ import annotations

from typing import Any

from flask import request

from app import db
from app.audit import service as audit
from app.kit.countries import country_codes
from app.kit.errors import Invalid
from app.kit.texts import locale_of
from app.suppliers import queries as suppliers
from app.suppliers.rules import BUSINESS_TYPES
from app.suppliers.rules.company import shown_phone
from app.suppliers.service import Contact, contact_of
from app.suppliers.service.onboarding import (
    Company,
    PostalAddress,
    company_address,
    save_company,
    save_contacts,
)
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.portal.pages.onboarding.frame import frame, onwards, pages
from app.web.ui.rendering import gettext, locale


@pages.get("/onboarding/company", permission="settings.write")
def company() -> Any:
    """Who the company is."""
    return _company()


@pages.post("/onboarding/company", permission="settings.write")
def store_company() -> Any:
    """Keep it, once the numbers can be right."""
    sent = Sent()
    with db.transaction() as session:
        country = suppliers.supplier(session, principal().organisation_id).country
    found = Company(
        business_type=sent.one_of("business_type", BUSINESS_TYPES),
        legal_name=sent.text("legal_name", longest=200),
        website=sent.text("website", longest=300) or None,
        registration_number=sent.text("registration_number", longest=60),
        registration_reason=sent.text("registration_reason", longest=300),
        tax_id=sent.text("tax_id", longest=60),
        tax_reason=sent.text("tax_reason", longest=300),
        address=_sent_address(sent, country),
    )
    try:
        sent.check()
        with db.transaction() as session:
            save_company(session, principal().organisation_id, found)
    except Invalid as error:
        return _company(422, problems(error))
    return onwards("company")


def _company(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        supplier = suppliers.supplier(session, supplier_id)
        application = suppliers.application_of(session, supplier_id)
        address = company_address(application)
        values: dict[str, Any] = {
            "business_type": supplier.business_type,
            "legal_name": application.legal_name or supplier.company_name,
            "website": supplier.website,
            "registration_number": application.registration_number,
            "registration_reason": application.registration_reason,
            "tax_id": application.tax_id,
            "tax_reason": application.tax_reason,
            **(_shown_address(address) if address else {}),
        }
        context = frame(session, "company")
        country = supplier.country
    names = locale_of(locale()).territories
    return pages.render(
        "company.html",
        status,
        sent=request.form if errors else values,
        errors=errors or {},
        types=[(name, gettext(name.capitalize())) for name in BUSINESS_TYPES],
        country=str(names.get(country, country)),
        **context,
    )


@pages.get("/onboarding/contacts", permission="settings.write")
def contacts() -> Any:
    """Whom to speak to."""
    return _contacts()


@pages.post("/onboarding/contacts", permission="settings.write")
def store_contacts() -> Any:
    """Keep it; phones are kept in one form."""
    sent = Sent()
    found = Contact(
        name=sent.text("name", longest=200),
        email=sent.text("email", longest=254),
        phone=sent.text("phone", longest=40),
        orders_email=sent.text("orders_email", longest=254),
        orders_phone=sent.text("orders_phone", longest=40),
    )
    try:
        sent.check()
        with db.transaction() as session:
            save_contacts(session, principal().organisation_id, found)
    except Invalid as error:
        return _contacts(422, problems(error))
    return onwards("contacts")


def _contacts(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        found = contact_of(suppliers.application_of(session, supplier_id))
        audit.record(session, supplier_id, "suppliers.contact_read", "supplier", supplier_id)
        values = {
            "name": found.name,
            "email": found.email,
            "phone": shown_phone(found.phone),
            "orders_email": found.orders_email,
            "orders_phone": shown_phone(found.orders_phone) if found.orders_phone else "",
        }
        context = frame(session, "contacts")
    sent = request.form if errors else values
    return pages.render("contacts.html", status, sent=sent, errors=errors or {}, **context)


def _sent_address(sent: Sent, country: str) -> PostalAddress:
    return PostalAddress(
        address1=sent.text("address1", longest=200),
        address2=sent.text("address2", longest=200),
        city=sent.text("city", longest=100),
        postal_code=sent.text("postal_code", longest=20),
        country_code=country if country in country_codes() else "",
    )


def _shown_address(address: PostalAddress) -> dict[str, str]:
    return {name: getattr(address, name) for name in ("address1", "address2", "city", "postal_code")}
