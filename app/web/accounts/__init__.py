"""Signing in and out, joining, invitations and forgotten passwords."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for

from app import db
from app.config import settings
from app.identity.models import Organisation, User
from app.identity.queries import organisations_of
from app.identity.rules import PASSWORD_MIN
from app.identity.service import (
    accept_invitation,
    add_member,
    checked_email,
    create_organisation,
    create_user,
    end_session,
    find_link,
    principal_of_session,
    request_reset,
    reset_password,
    start_session,
)
from app.identity.service import (
    sign_in as check_password,
)
from app.kit.countries import is_country, named_countries, usual_currency, usual_zone
from app.kit.errors import AppError, Conflict, FieldError, Invalid, TooMany
from app.kit.texts import marked as _
from app.kit.zones import is_zone
from app.notifications.letters import Letter
from app.notifications.service import queue_email
from app.suppliers.rules import BUSINESS_TYPES
from app.suppliers.service import Application, Contact, apply
from app.web import auth
from app.web.ui.rendering import gettext, locale

bp = Blueprint("accounts", __name__)
_HOMES = {"retailer": "/app/", "supplier": "/supplier/", "platform": "/console/"}


def _page(template: str, status: int = 200, **context: Any) -> Response:
    body = render_template(
        f"app/web/accounts/{template}",
        countries=[("", "–"), *named_countries(locale())],
        here=_here(),
        type_pairs=lambda names: [(name, gettext(name.capitalize())) for name in names],
        **context,
    )
    return Response(body, status=status, content_type="text/html; charset=utf-8")


def _here() -> str:
    """The country that the reader's browser speaks of, such as that of ``de-AT``; empty where it names none."""
    for one in request.accept_languages.values():
        region = one.replace("_", "-").rpartition("-")[2].upper()
        if "-" in one and is_country(region):
            return region
    return ""


def _signed_in(user: User, organisation_id: Any, target: str | None = None) -> Response:
    """A fresh session, and the way to the person's first page."""
    browser = request.headers.get("User-Agent", "")[:200]
    with db.system_scope(actor="sign-in"), db.transaction() as session:
        token = start_session(session, user, organisation_id, browser=browser)
        found = principal_of_session(session, token)
    home = _HOMES[found.organisation_kind] if found else "/"
    answer = Response(status=303, headers={"Location": target or home})
    auth.set_session_cookie(answer, token)
    return answer


def _errors(error: AppError) -> dict[str, str]:
    """Field → what is wrong; ``form`` for what belongs to no field."""
    return {one.field: one.message for one in error.errors} or {"form": error.detail}


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Any:
    """E-mail and password. The answer to a wrong pair does not say which of the two was wrong."""
    target = auth.safe_next(request.values.get("next"))
    if request.method == "GET":
        return _page("sign_in.html", next=target, errors={}, email="")
    auth.check_same_origin()
    email = request.form.get("email", "")
    try:
        with db.system_scope(actor="sign-in"), db.transaction() as session:
            user = check_password(
                session, email=email, password=request.form.get("password", ""), network=request.remote_addr or ""
            )
    except TooMany as error:
        return _page("sign_in.html", 429, next=target, errors={"form": error.detail}, email=email)
    if user is None:
        wrong = gettext(_("E-mail and password do not fit together."))
        return _page("sign_in.html", 401, next=target, errors={"form": wrong}, email=email)
    return _signed_in(user, _organisation_for(user, target), target)


@bp.post("/sign-out")
def sign_out() -> Any:
    """End this session."""
    found = auth.session_principal()
    if found is not None:
        auth.check_not_forged(found)
        with db.system_scope(actor=found.actor), db.transaction() as session:
            if found.session_id is not None:
                end_session(session, found.session_id)
    answer = redirect(url_for("accounts.sign_in"), code=303)
    auth.clear_session_cookie(answer)  # type: ignore[arg-type]
    return answer


@bp.route("/join", methods=["GET", "POST"])
def join() -> Any:
    """A new retailer with its first member."""
    if request.method == "GET":
        return _page("join.html", errors={}, sent={}, password_min=PASSWORD_MIN)
    auth.check_same_origin()
    sent = request.form
    try:
        wrong: list[FieldError] = []
        with _noted(wrong):
            _required(sent, "company", "name", "email", "password")
        with _noted(wrong):
            _known_country(sent)
        if wrong:
            raise Invalid(wrong[0].message, errors=wrong)
        with db.system_scope(actor="sign-up"), db.transaction() as session:
            organisation = _organisation(session, "retailer", sent)
            email = checked_email(sent["email"])
            user = create_user(session, email=email, name=sent["name"], password=sent["password"])
            add_member(session, organisation.id, user.id, "retailer_owner")
    except (Invalid, Conflict) as error:
        return _page("join.html", 422, errors=_errors(error), sent=sent, password_min=PASSWORD_MIN)
    return _signed_in(user, organisation.id)


@bp.route("/apply", methods=["GET", "POST"])
def apply_as_supplier() -> Any:
    """A supplier applies: company, papers, contact; its first member is the one who applies."""
    shown: dict[str, Any] = {"types": BUSINESS_TYPES, "password_min": PASSWORD_MIN}
    if request.method == "GET":
        return _page("apply.html", errors={}, sent={}, **shown)
    auth.check_same_origin()
    sent = request.form
    try:
        # All that is wrong is told at once: the password has to be typed again each time.
        wrong: list[FieldError] = []
        with _noted(wrong):
            _required(sent, "company", "name", "email", "phone", "password", "registration_number", "tax_id")
        with _noted(wrong):
            _known_country(sent)
        if any(one.code in ("too_long", "unknown_country") for one in wrong):
            raise Invalid(wrong[0].message, errors=wrong)
        with db.system_scope(actor="sign-up"), db.transaction() as session:
            organisation = _organisation(session, "supplier", sent)
            with _noted(wrong):
                checked_email(sent["email"])
            with _noted(wrong):
                user = create_user(session, email=sent["email"], name=sent["name"], password=sent["password"])
            with _noted(wrong):
                apply(session, organisation, _application(sent))
            if wrong:
                raise Invalid(wrong[0].message, errors=wrong)
            add_member(session, organisation.id, user.id, "supplier_owner")
    except (Invalid, Conflict) as error:
        return _page("apply.html", 422, errors=_errors(error), sent=sent, **shown)
    return _signed_in(user, organisation.id)


def _application(sent: Any) -> Application:
    """What the form says of the company."""
    return Application(
        contact=Contact(name=sent["name"], email=sent["email"].strip().lower(), phone=sent["phone"]),
        business_type=sent.get("business_type", ""),
        registration_number=sent["registration_number"],
        tax_id=sent["tax_id"],
        catalogue_size=sent.get("catalogue_size", ""),
        website=sent.get("website") or None,
        note=sent.get("note", "").strip(),
    )


@contextmanager
def _noted(wrong: list[FieldError]) -> Iterator[None]:
    """What is invalid is added to ``wrong``, and the next is looked at."""
    try:
        yield
    except Invalid as error:
        told = {one.field for one in wrong}
        wrong.extend(one for one in error.errors if one.field not in told)


@bp.route("/invitation/<token>", methods=["GET", "POST"])
def invitation(token: str) -> Any:
    """Join an organisation that invited you."""
    with db.system_scope(actor="sign-in"), db.transaction() as session:
        link = find_link(session, "invitation", token)
        organisation = session.get_one(Organisation, link.organisation_id)
        shown: dict[str, Any] = {"organisation": organisation.name, "email": link.email, "password_min": PASSWORD_MIN}
    if request.method == "GET":
        return _page("invitation.html", errors={}, **shown)
    auth.check_same_origin()
    try:
        with db.system_scope(actor="sign-in"), db.transaction() as session:
            user, organisation_id = accept_invitation(
                session, token, name=request.form.get("name", ""), password=request.form.get("password", "")
            )
    except Invalid as error:
        return _page("invitation.html", 422, errors=_errors(error), **shown)
    return _signed_in(user, organisation_id)


@bp.route("/forgot", methods=["GET", "POST"])
def forgot() -> Any:
    """Ask for a link to a new password. The answer is the same for every address."""
    if request.method == "GET":
        return _page("forgot.html", sent=False)
    auth.check_same_origin()
    with db.system_scope(actor="sign-in"), db.transaction() as session:
        found = request_reset(session, email=request.form.get("email", ""))
        if found is not None:
            user, token = found
            queue_email(
                session,
                [user.email],
                Letter(
                    subject="A new password for Crossdock",
                    paragraphs=("Somebody, hopefully you, asked for a new password. The link works for 30 minutes.",),
                    button=("Choose a new password", f"{settings().public_url}/reset/{token}"),
                    reason="You get this because your address was typed on our sign-in page.",
                ),
                kind="password_reset",
                dedupe=f"reset:{token[:16]}",
            )
    return _page("forgot.html", sent=True)


@bp.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> Any:
    """Choose a new password; every other session ends."""
    with db.system_scope(actor="sign-in"), db.transaction() as session:
        find_link(session, "password_reset", token)
    if request.method == "GET":
        return _page("reset.html", errors={}, password_min=PASSWORD_MIN)
    auth.check_same_origin()
    try:
        with db.system_scope(actor="sign-in"), db.transaction() as session:
            reset_password(session, token, password=request.form.get("password", ""))
    except Invalid as error:
        return _page("reset.html", 422, errors=_errors(error), password_min=PASSWORD_MIN)
    return redirect(url_for("accounts.sign_in", done="password_changed"), code=303)


def _organisation_for(user: User, target: str | None) -> UUID | None:
    """Of somebody's organisations the one whose pages it wants to see; None: its first."""
    kind = next((kind for kind, home in _HOMES.items() if target and f"{target}/".startswith(home)), None)
    if kind is None:
        return None
    with db.system_scope(actor="sign-in"), db.transaction() as session:
        return next((one.id for one in organisations_of(session, user.id) if one.kind == kind), None)


def _organisation(session: Any, kind: str, sent: Any) -> Organisation:
    country = _known_country(sent)
    currency = usual_currency(country, settings().currencies)
    zone = sent.get("timezone", "")
    if not is_zone(zone):
        zone = usual_zone(country)
    return create_organisation(
        session, kind=kind, name=sent.get("company", "").strip(), country=country, currency=currency, timezone=zone
    )


def _known_country(sent: Any) -> str:
    country: str = sent.get("country", "")
    if not is_country(country):
        raise Invalid.field("country", "unknown_country", "Choose a country.")
    return country


def _required(sent: Any, *names: str) -> None:
    wrong = []
    for name in names:
        value = sent.get(name, "").strip()
        if not value:
            wrong.append(FieldError(name, "required", gettext(_("Please fill this in."))))
        elif len(value) > 300 or "\x00" in value:
            wrong.append(FieldError(name, "too_long", gettext(_("Use at most %(n)s characters.")) % {"n": 300}))
    if wrong:
        raise Invalid(wrong[0].message, errors=wrong)
