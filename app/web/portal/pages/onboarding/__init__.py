"""The set-up of a supplier: step by step, each saved on its own, with what is missing and what a reviewer asked."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from flask import redirect, request
from sqlalchemy.orm import Session

from app import db
from app.audit import service as audit
from app.catalog import queries as catalog
from app.config import settings
from app.insights.onboarding import progress_of
from app.kit.countries import country_codes
from app.kit.errors import AdapterError, AppError, Invalid
from app.kit.money import Money
from app.kit.texts import locale_of
from app.kit.texts import marked as _
from app.settlement import queries as settlement
from app.settlement.service.by_hand import PROCESSOR as BY_HAND
from app.suppliers import queries as suppliers
from app.suppliers.rules import APPLIED, BUSINESS_TYPES, IN_REVIEW, OWN_MOVES
from app.suppliers.rules.company import shown_phone
from app.suppliers.rules.papers import EXPIRING, LARGEST
from app.suppliers.rules.round_trip import checks
from app.suppliers.rules.steps import STEPS, payout_words
from app.suppliers.service import Contact, apply_again, contact_of, send, set_dispatch, set_order_fee
from app.suppliers.service.deciding import answered
from app.suppliers.service.onboarding import (
    Company,
    PostalAddress,
    company_address,
    save_company,
    save_connection,
    save_contacts,
)
from app.suppliers.service.papers import RENEWED, add_paper, forget, keep_paper, read_paper, remove_paper
from app.suppliers.service.round_trip import place_test_order
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.kept_files import file_answer
from app.web.pages import Nav, Pages, go, page_url
from app.web.portal import payout_account, returns_form
from app.web.rate_words import reach
from app.web.supplier_words import CONNECTION_WORDS, KIND_WORDS, STEP_WORDS
from app.web.ui.rendering import gettext, locale

pages = Pages(__name__, nav=Nav(_("Set-up"), "overview", 5, permission="settings.write"))
#: What an account of a form with a file may hold besides the file.
_FORM = 64 * 1024
#: What a test order is for where the supplier has no products yet.
_SAMPLE_GOODS = (("SAMPLE-1", "Sample article"), ("SAMPLE-2", "Another sample article"))


@pages.get("/onboarding", permission="settings.write")
def overview() -> Any:
    """How far it is, what is missing, what was asked, and what happened."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        supplier = suppliers.supplier(session, supplier_id)
        context: dict[str, Any] = {
            **_frame(session, None),
            "supplier": supplier,
            "application": suppliers.application_of(session, supplier_id),
            "renewed": suppliers.application_of(session, supplier_id).review_reason == RENEWED,
            "history": suppliers.history(session, supplier_id),
            "questions": [
                (one, gettext(STEP_WORDS[one.step][0]), _address_of(one.step))
                for one in suppliers.questions(session, supplier_id, open_only=True)
            ],
            "may_send": (supplier.status, IN_REVIEW) in OWN_MOVES,
            "may_apply_again": (supplier.status, APPLIED) in OWN_MOVES,
        }
    return pages.render("overview.html", **context)


@pages.post("/onboarding/send", permission="settings.write")
def send_for_review() -> Any:
    """All is told that can be looked at now."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        send(session, supplier_id, missing=progress_of(session, supplier_id).keep_from_sending)
    return go(page_url("onboarding.overview", done="sent_for_review"))


@pages.post("/onboarding/again", permission="settings.write")
def begin_again() -> Any:
    """Apply again after a refusal, with what was told before."""
    with db.transaction() as session:
        apply_again(session, principal().organisation_id)
    return go(page_url("onboarding.overview", done="saved"))


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
    return _onwards("company")


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
        context = _frame(session, "company")
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
    return _onwards("contacts")


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
        context = _frame(session, "contacts")
    sent = request.form if errors else values
    return pages.render("contacts.html", status, sent=sent, errors=errors or {}, **context)


@pages.get("/onboarding/documents", permission="settings.write")
def documents() -> Any:
    """The papers."""
    return _documents()


@pages.post("/onboarding/documents", permission="settings.write", largest=LARGEST + _FORM)
def store_document() -> Any:
    """Look at a paper, and keep it."""
    sent, file = Sent(), request.files.get("file")
    kind = sent.text("kind", longest=20)
    expires_on = sent.day("expires_on")
    try:
        sent.check()
        if file is None or not file.filename:
            raise Invalid.field("file", "required", gettext(_("Choose a file first.")))
        kept = keep_paper(file.stream)  # type: ignore[arg-type]
        try:
            with db.transaction() as session:
                add_paper(session, principal().organisation_id, kind=kind, expires_on=expires_on, kept=kept)
        except AppError:
            # It was refused. After any other error nobody knows whether the paper's row is there, and a file too many
            # does less harm than one that is missing.
            forget(kept)
            raise
    except Invalid as error:
        return _documents(422, problems(error))
    return go(page_url("onboarding.documents", done="paper_kept"))


@pages.get("/onboarding/documents/<uuid:document_id>", permission="settings.write")
def document(document_id: UUID) -> Any:
    """A paper's file; who read it is written down."""
    with db.transaction() as session:
        row, content = read_paper(session, principal().organisation_id, document_id)
    return file_answer(row.kind, row.media_type, content)


@pages.post("/onboarding/documents/<uuid:document_id>/remove", permission="settings.write")
def drop_document(document_id: UUID) -> Any:
    """Take a paper away."""
    with db.transaction() as session:
        remove_paper(session, principal().organisation_id, document_id)
    return go(page_url("onboarding.documents", done="paper_removed"))


def _documents(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        context = _frame(session, "documents")
        found = suppliers.papers(session, supplier_id)
    return pages.render(
        "documents.html",
        status,
        papers=[(one, gettext(KIND_WORDS[one.kind])) for one in found],
        kinds=[(name, gettext(label)) for name, label in KIND_WORDS.items()],
        expiring=EXPIRING,
        largest=LARGEST // (1024 * 1024),
        sent=request.form if errors else {},
        errors=errors or {},
        **context,
    )


@pages.get("/onboarding/returns", permission="settings.write")
def returns() -> Any:
    """Where returns go, and on which terms."""
    return _returns()


@pages.post("/onboarding/returns", permission="settings.write")
def store_returns() -> Any:
    """Keep the terms as a new version."""
    try:
        returns_form.save()
    except Invalid as error:
        return _returns(422, problems(error))
    return _onwards("returns")


def _returns(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    with db.transaction() as session:
        context = _frame(session, "returns")
        shown = returns_form.shown(session, errors)
    return pages.render("returns.html", status, target=page_url("onboarding.store_returns"), **shown, **context)


@pages.get("/onboarding/shipping", permission="settings.write")
def shipping() -> Any:
    """Rates, the order fee, handling, cut-off and closures."""
    return _shipping()


@pages.post("/onboarding/shipping", permission="settings.write")
def store_shipping() -> Any:
    """When parcels leave, and the order fee; rates and closures have pages of their own."""
    sent, supplier_id = Sent(), principal().organisation_id
    handling_days = sent.whole("handling_days", 0, 60)
    cutoff = request.form.get("cutoff_hour", "").strip()
    cutoff_hour = sent.whole("cutoff_hour", 0, 23) if cutoff else None
    zone = sent.text("timezone", longest=60)
    order_fee = sent.money("order_fee", principal().currency)
    try:
        sent.check()
        with db.transaction() as session:
            set_dispatch(session, supplier_id, handling_days=handling_days, cutoff_hour=cutoff_hour, timezone=zone)
            set_order_fee(session, supplier_id, order_fee)
            answered(session, supplier_id, "shipping")
    except Invalid as error:
        return _shipping(422, problems(error))
    return _onwards("shipping")


def _shipping(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        supplier = suppliers.supplier(session, supplier_id)
        values = {
            "handling_days": supplier.handling_days,
            "cutoff_hour": supplier.cutoff_hour,
            "timezone": supplier.timezone,
            "order_fee": Money(supplier.order_fee, principal().currency).amount,
        }
        context: dict[str, Any] = {
            **_frame(session, "shipping"),
            "rates": [(one, reach(one.countries)) for one in suppliers.shipping_rates(session, supplier_id)],
            "closures": suppliers.closures(session, supplier_id),
        }
    return pages.render(
        "shipping.html",
        status,
        sent=request.form if errors else values,
        errors=errors or {},
        zones=[(name, name.replace("_", " ")) for name in sorted(available_timezones())],
        currency=principal().currency,
        **context,
    )


@pages.get("/onboarding/payout", permission="settings.write")
def payout() -> Any:
    """How the payout account stands, in words."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        account = settlement.payout_account(session, supplier_id)
        context: dict[str, Any] = {
            **_frame(session, "payout"),
            "account": account,
            "words": gettext(payout_words(account.capability, account.requirements) if account else payout_words(None)),
            "by_hand": settings().processor == BY_HAND,
        }
    return pages.render("payout.html", **context)


@pages.post("/onboarding/payout", permission="payouts.write")
def open_payout() -> Any:
    """Open the account, or go on with the processor's questions."""
    target = payout_account.open_account(f"{settings().public_url}/supplier/onboarding/payout/back")
    _note_answered("payout")
    if target is None:
        return go(page_url("onboarding.payout", done="account_by_hand"))
    return redirect(target, code=303)


@pages.get("/onboarding/payout/back", permission="payouts.write")
def back_from_payout() -> Any:
    """Back from the processor's questions: how the account stands now is asked, not waited for."""
    with suppress(AdapterError):
        payout_account.look_again()
    return go(
        page_url("statements.statements") if request.args.get("to") == "statements" else page_url("onboarding.payout")
    )


@pages.post("/onboarding/payout/refresh", permission="payouts.write")
def refresh_payout() -> Any:
    """Ask the processor again."""
    payout_account.look_again()
    _note_answered("payout")
    return go(page_url("onboarding.payout", done="looked_again"))


@pages.get("/onboarding/connection", permission="settings.write")
def connection() -> Any:
    """How products, stock and orders travel."""
    return _connection()


@pages.post("/onboarding/connection", permission="settings.write")
def store_connection() -> Any:
    """Keep the choice."""
    sent = Sent()
    note = sent.text("connection_note", longest=1000)
    try:
        sent.check()
        with db.transaction() as session:
            save_connection(session, principal().organisation_id, request.form.get("connection", ""), note)
    except Invalid as error:
        return _connection(422, problems(error))
    return _onwards("connection")


def _connection(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    with db.transaction() as session:
        application = suppliers.application_of(session, principal().organisation_id)
        values = {"connection": application.connection, "connection_note": application.connection_note}
        context = _frame(session, "connection")
    return pages.render(
        "connection.html",
        status,
        sent=request.form if errors else values,
        errors=errors or {},
        ways=[(name, gettext(label), gettext(text)) for name, (label, text) in CONNECTION_WORDS.items()],
        **context,
    )


@pages.get("/onboarding/feed", permission="settings.write")
def feed() -> Any:
    """The first list of products."""
    with db.transaction() as session:
        context = _frame(session, "feed")
        by_hand = suppliers.application_of(session, principal().organisation_id).connection == "portal"
    return pages.render("feed.html", by_hand=by_hand, **context)


@pages.get("/onboarding/test-order", permission="settings.write")
def test_order() -> Any:
    """The test order: what was shown, and what is missing."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        order = suppliers.newest_test_order(session, supplier_id)
        way = suppliers.application_of(session, supplier_id).connection
        context: dict[str, Any] = {
            **_frame(session, "test_order"),
            "order": order,
            "way": way,
            "checks": [
                {"label": gettext(one.label), "done": one.done, "text": gettext(one.missing) if one.missing else ""}
                for one in (checks(suppliers.trip_of(order), way) if order else ())
            ],
        }
    return pages.render("test_order.html", **context)


@pages.post("/onboarding/test-order", permission="settings.write")
def start_test_order() -> Any:
    """Place one; one that is open ends."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        own = catalog.own_products(session, supplier_id, limit=2).items
        goods = [(variant.sku, product.title) for product in own for variant in product.variants[:1]]
        place_test_order(session, supplier_id, goods or _SAMPLE_GOODS)
    return go(page_url("onboarding.test_order", done="test_order_placed"))


def _frame(session: Session, name: str | None) -> dict[str, Any]:
    """What every step shows around its form: how far it is, the steps, and what was asked about this one."""
    progress = progress_of(session, principal().organisation_id)
    steps = [
        {
            "name": step.name,
            "label": gettext(STEP_WORDS[step.name][0]),
            "text": gettext(STEP_WORDS[step.name][1]),
            "href": _address_of(step.name),
            "done": step.done,
            "asked": bool(step.asked),
            "missing": [gettext(one) for one in step.missing],
            "current": step.name == name,
        }
        for step in progress.steps
    ]
    frame: dict[str, Any] = {
        "steps": steps,
        "done_count": progress.done,
        "blocked": bool(progress.keep_from_sending),
        "next_step": _address_of(progress.next) if progress.next else None,
    }
    if name is not None:
        place = STEPS.index(name)
        frame["place"] = place + 1
        frame["step"] = steps[place]
        frame["asked"] = progress.step(name).asked
        frame["before"] = _address_of(STEPS[place - 1]) if place else page_url("onboarding.overview")
        frame["after"] = _address_of(STEPS[place + 1]) if place + 1 < len(STEPS) else page_url("onboarding.overview")
    return frame


def _address_of(name: str, **values: Any) -> str:
    return page_url(f"onboarding.{name}", **values)


def _onwards(name: str) -> Any:
    """After a step is saved comes the next."""
    place = STEPS.index(name) + 1
    return go(_address_of(STEPS[place] if place < len(STEPS) else "overview", done="saved"))


def _note_answered(step: str) -> None:
    with db.transaction() as session:
        answered(session, principal().organisation_id, step)


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
