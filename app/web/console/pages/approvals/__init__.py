"""Suppliers: those that wait, the evidence about each, and the decisions on it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.audit import service as audit
from app.catalog.queries import own_products
from app.feeds import queries as feeds
from app.insights.onboarding import consequences, progress_of
from app.kit import clock
from app.kit.errors import Conflict, Invalid
from app.kit.texts import marked as _
from app.settlement import queries as settlement
from app.suppliers import queries as suppliers
from app.suppliers.models import Supplier, SupplierApplication
from app.suppliers.rules import ACTIVE, MOVES, NEEDS_INFO, SUSPENDED, TERMINATED
from app.suppliers.rules.company import (
    MISSING,
    UNCHECKED,
    WRONG,
    NumberCheck,
    check_registration,
    check_tax_id,
    mail_fits_website,
    shown_phone,
)
from app.suppliers.rules.papers import lapsed
from app.suppliers.rules.round_trip import checks
from app.suppliers.rules.steps import STEPS, payout_words
from app.suppliers.scorecards import own_scorecard
from app.suppliers.service import Contact, approve, ask, contact_of, decide, end_offer
from app.suppliers.service.onboarding import company_address, return_address
from app.suppliers.service.papers import RENEWED, confirm_papers, read_paper
from app.web.forms import Sent, problems
from app.web.kept_files import file_answer
from app.web.pages import Nav, Pages, go, page_url
from app.web.rate_words import price_of, reach
from app.web.scorecard_words import rows_of
from app.web.supplier_words import CONNECTION_WORDS, KIND_WORDS, PAYER_WORDS, REASON_WORDS, STEP_WORDS
from app.web.ui.rendering import gettext, moment_shown
from app.web.ui.statuses import shown

pages = Pages(__name__, nav=Nav(_("Suppliers"), "approvals", 10))
_VIEWS = {
    "": (_("Waiting"), ("IN_REVIEW", "APPLIED", "NEEDS_INFO", "TESTING")),
    "decided": (_("Decided"), ("ACTIVE", "SUSPENDED", "REJECTED", "TERMINATED")),
}
_MAIL_WORDS = {
    "fits": ("good", _("The e-mail address belongs to the website.")),
    "differs": ("look", _("The e-mail address is of another domain than the website.")),
    "free_mail": ("look", _("The e-mail address is one that anybody can get.")),
    "no_website": ("unknown", _("There is no website to compare with.")),
}
_SHARES = {
    "tax_id": _("the same tax number"),
    "registration_number": _("the same registration number"),
    "phone": _("the same phone"),
    "website": _("the same website"),
}
#: Rows of a product list, rejected and other ones each.
_SHOWN = 5
#: Decided on pages of their own: what happens is shown first, or a question goes with it.
_ELSEWHERE = frozenset({NEEDS_INFO, SUSPENDED, TERMINATED})


@pages.get("/suppliers")
def approvals() -> Any:
    """Those that wait, and those that were decided on."""
    view = request.args.get("view", "")
    view = view if view in _VIEWS else ""
    with db.transaction() as session:
        search = request.args.get("search", "").replace("\x00", "")
        page = suppliers.applications(
            session, _VIEWS[view][1], search=search, limit=50, cursor=request.args.get("cursor")
        )
        done = {one.id: progress_of(session, one.id).done for one, _application in page.items} if not view else {}
        views = [
            {
                "label": gettext(label),
                "href": page_url("approvals.approvals", view=name or None),
                "current": name == view,
                "count": suppliers.count_in(session, statuses),
            }
            for name, (label, statuses) in _VIEWS.items()
        ]
    return pages.render(
        "approvals.html",
        found=page.items,
        next_cursor=page.next_cursor,
        views=views,
        view=view,
        search=search,
        done=done,
        steps=len(STEPS),
    )


@pages.get("/suppliers/<uuid:supplier_id>")
def detail(supplier_id: UUID) -> Any:
    """One supplier: what it says beside what was found, its papers, its history, and what can be decided."""
    return _detail(supplier_id)


def _detail(supplier_id: UUID, status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    with db.transaction() as session:
        application = suppliers.application_of(session, supplier_id)
        supplier = suppliers.supplier(session, supplier_id)
        contact = _contact(session, application)
        progress = progress_of(session, supplier_id)
        policy = suppliers.return_policy(session, supplier_id)
        account = settlement.payout_account(session, supplier_id)
        order = suppliers.newest_test_order(session, supplier_id)
        today = clock.now().date()
        context: dict[str, Any] = {
            "supplier": supplier,
            "application": application,
            "address": company_address(application),
            "contact": contact,
            "phone": shown_phone(contact.phone),
            "found": _found(session, supplier, application, contact),
            "progress": progress,
            "gaps": [gettext(STEP_WORDS[name][0]) for name in progress.gaps],
            "untested": ACTIVE in MOVES[supplier.status]
            and supplier.status != SUSPENDED
            and suppliers.passed_test_order(session, supplier_id) is None,
            "papers": [
                (one, gettext(KIND_WORDS[one.kind]), one.expires_on is not None and lapsed(one.expires_on, today))
                for one in suppliers.papers(session, supplier_id, ended=True)
            ],
            "policy": policy,
            "returns_to": return_address(policy) if policy else None,
            "payers": [
                (gettext(REASON_WORDS[reason]), gettext(PAYER_WORDS[payer])) for reason, payer in policy.payers.items()
            ]
            if policy
            else [],
            "rates": [
                (one, reach(one.countries), price_of(one, supplier.currency))
                for one in suppliers.shipping_rates(session, supplier_id)
            ],
            "closures": suppliers.closures(session, supplier_id),
            "account": account,
            "account_words": gettext(
                payout_words(account.capability, account.requirements) if account else payout_words(None)
            ),
            "connection": gettext(CONNECTION_WORDS[application.connection][0]) if application.connection else "",
            "renewed": application.review_reason == RENEWED,
            "order": order,
            **_list_of(session, supplier_id),
            "checks": [
                {"label": gettext(one.label), "done": one.done, "text": gettext(one.missing) if one.missing else ""}
                for one in (checks(suppliers.trip_of(order), application.connection) if order else ())
            ],
            "card": own_scorecard(session, supplier_id),
            "threads": [
                (one, gettext(STEP_WORDS[one.question.step][0])) for one in suppliers.threads(session, supplier_id)
            ],
            "story": _story(session, application),
        }
    moves = sorted(MOVES[supplier.status] - _ELSEWHERE, key=lambda name: (name != ACTIVE, name))
    return pages.render(
        "detail.html",
        status,
        moves=[(name, gettext(shown("supplier", name).label)) for name in moves],
        ends=[one for one in (SUSPENDED, TERMINATED) if one in MOVES[supplier.status]],
        may_ask=NEEDS_INFO in MOVES[supplier.status] or supplier.status in (NEEDS_INFO, ACTIVE, SUSPENDED),
        steps=[(name, gettext(STEP_WORDS[name][0])) for name in STEPS],
        measured=rows_of(context["card"]) if context["card"] else [],
        sent=request.form if errors else {},
        errors=errors or {},
        **context,
    )


def _list_of(session: Session, supplier_id: UUID) -> dict[str, Any]:
    """The product list that the supplier sent last, with some of its rows and all that is wrong with it; without one,
    the products that it added otherwise, the newest first."""
    found = feeds.runs(session, supplier_id, limit=1, cursor=None).items
    if not found:
        return {"run": None, "products": own_products(session, supplier_id, limit=_SHOWN)}
    run = found[0]
    rejected = feeds.rows(session, run, action="rejected", limit=_SHOWN, cursor=None).items
    taken = [
        one
        for one in feeds.rows(session, run, action=None, limit=2 * _SHOWN, cursor=None).items
        if one.action != "rejected"
    ]
    return {"run": run, "run_rows": [*rejected, *taken[:_SHOWN]], "run_problems": feeds.problem_groups(session, run)}


def _story(session: Session, application: SupplierApplication) -> list[dict[str, Any]]:
    """What happened, the newest first: statuses with their reasons, and questions with whether they are answered."""
    told = [(application.submitted_at, gettext(_("Applied")))]
    for change in suppliers.history(session, application.supplier_id):
        label = gettext(shown("supplier", change.to_status).label)
        told.append((change.at, f"{label}: {change.reason}" if change.reason else label))
    for one in suppliers.questions(session, application.supplier_id):
        step = gettext(STEP_WORDS[one.step][0])
        answered = gettext(_("answered %(when)s")) % {"when": moment_shown(one.answered_at)} if one.answered_at else ""
        told.append((one.asked_at, f"{step}: {one.message} ({answered or gettext(_('open'))})"))
    for thread in suppliers.threads(session, application.supplier_id):
        step = gettext(STEP_WORDS[thread.question.step][0])
        answer_to = gettext(_("Answer about %(step)s")) % {"step": step}
        told += [(one.answer.written_at, f"{answer_to}: {one.answer.message}") for one in thread.answers]
    return [{"at": at, "text": text} for at, text in sorted(told, key=lambda entry: entry[0], reverse=True)]


def _contact(session: Session, application: SupplierApplication) -> Contact:
    """Whom to speak to. Who read it stands in the audit log."""
    audit.record(session, application.supplier_id, "suppliers.contact_read", "supplier", application.supplier_id)
    return contact_of(application)


def _found(
    session: Session, supplier: Supplier, application: SupplierApplication, contact: Contact
) -> list[tuple[str, str, str]]:
    """What was looked at by itself: a state of the table of statuses, what was looked at, and what was found."""
    tax = check_tax_id(supplier.country, application.tax_id)
    registration = check_registration(supplier.country, application.registration_number)
    mail = _MAIL_WORDS[mail_fits_website(contact.email, supplier.website)]
    found = [
        (*_number_words(registration, application.registration_reason), gettext(_("Registration number"))),
        (*_number_words(tax, application.tax_reason), gettext(_("Tax number"))),
        (
            *(
                ("good", gettext(_("It can be dialled.")))
                if contact.phone.startswith("+")
                else ("look", gettext(_("Not looked at: it was told before phones were checked.")))
            ),
            gettext(_("Phone")),
        ),
        (mail[0], gettext(mail[1]), gettext(_("E-mail"))),
    ]
    alike = suppliers.lookalikes(session, supplier.id)
    for one in alike:
        shares = ", ".join(gettext(_SHARES[name]) for name in one.shares)
        found.append(("look", f"{one.supplier.company_name}: {shares}", gettext(_("Another supplier"))))
    if not alike:
        found.append(
            ("good", gettext(_("No other has the same numbers, phone or website.")), gettext(_("Other suppliers")))
        )
    return [(label, state, words) for state, words, label in found]


def _number_words(check: NumberCheck, reason: str) -> tuple[str, str]:
    if check.state == MISSING:
        return "look", f"{gettext(_('There is none'))}: {reason or '–'}"
    if check.state == WRONG:
        return "bad", check.problem
    if check.state == UNCHECKED:
        return "unknown", gettext(_("Numbers of this country have no check digit that we know."))
    return "good", gettext(_("Its check digits fit: %(kind)s.")) % {"kind": check.kind}


@pages.get("/suppliers/<uuid:supplier_id>/papers/<uuid:document_id>", permission="suppliers.approve")
def paper(supplier_id: UUID, document_id: UUID) -> Any:
    """A paper's file; who read it is written down."""
    with db.transaction() as session:
        row, content = read_paper(session, supplier_id, document_id)
    return file_answer(row.kind, row.media_type, content)


@pages.post("/suppliers/<uuid:supplier_id>/papers/confirm", permission="suppliers.approve")
def confirm(supplier_id: UUID) -> Any:
    """The papers that were due are in order; the supplier sells on."""
    with db.transaction() as session:
        suppliers.supplier(session, supplier_id)
        confirm_papers(session, supplier_id)
    return go(page_url("approvals.detail", supplier_id=supplier_id, done="papers_confirmed"))


@pages.post("/suppliers/<uuid:supplier_id>/decide", permission="suppliers.approve")
def decision(supplier_id: UUID) -> Any:
    """Move a supplier's status; the supplier is told the reason. Steps that are not done must be acknowledged,
    but for the test order, which must have passed."""
    reason, status = request.form.get("reason", "").strip(), request.form.get("status", "")
    try:
        if not reason:
            raise Invalid.field("reason", "required", gettext(_("Give a reason; the supplier reads it.")))
        if status in _ELSEWHERE:
            raise Invalid.field("status", "elsewhere", gettext(_("This has a page or form of its own.")))
        with db.transaction() as session:
            now = suppliers.supplier(session, supplier_id).status
            if now == status:
                # Sent twice, or a colleague was faster with the same.
                return go(page_url("approvals.detail", supplier_id=supplier_id, done="decided"))
            if status == ACTIVE:
                gaps = progress_of(session, supplier_id).gaps
                acknowledged = bool(request.form.get("acknowledged"))
                approve(session, supplier_id, reason=reason, gaps=gaps, acknowledged=acknowledged)
            else:
                decide(session, supplier_id, status, reason=reason)
    except Invalid as error:
        return _detail(supplier_id, 422, problems(error))
    except Conflict:
        message = gettext(_("This can't follow on “%(status)s”, which it is by now. Choose anew."))
        return _detail(supplier_id, 409, {"status": message % {"status": gettext(shown("supplier", now).label)}})
    return go(page_url("approvals.detail", supplier_id=supplier_id, done="decided"))


@pages.post("/suppliers/<uuid:supplier_id>/ask", permission="suppliers.approve")
def question(supplier_id: UUID) -> Any:
    """Ask about one step; the supplier is told."""
    sent = Sent()
    message = sent.text("message", longest=2000)
    try:
        sent.check()
        with db.transaction() as session:
            ask(session, supplier_id, step=request.form.get("step", ""), message=message)
    except Invalid as error:
        return _detail(supplier_id, 422, problems(error))
    return go(page_url("approvals.detail", supplier_id=supplier_id, done="asked"))


@pages.get("/suppliers/<uuid:supplier_id>/suspend", permission="suppliers.approve")
def suspend(supplier_id: UUID) -> Any:
    """What suspending would do, before it is done."""
    return _ending(supplier_id, SUSPENDED)


@pages.post("/suppliers/<uuid:supplier_id>/suspend", permission="suppliers.approve")
def do_suspend(supplier_id: UUID) -> Any:
    """Take its goods off sale."""
    return _end(supplier_id, SUSPENDED)


@pages.get("/suppliers/<uuid:supplier_id>/terminate", permission="suppliers.approve")
def terminate(supplier_id: UUID) -> Any:
    """What ending its account would do, before it is done."""
    return _ending(supplier_id, TERMINATED)


@pages.post("/suppliers/<uuid:supplier_id>/terminate", permission="suppliers.approve")
def do_terminate(supplier_id: UUID) -> Any:
    """End its account; there is no way back."""
    return _end(supplier_id, TERMINATED)


def _ending(supplier_id: UUID, status: str, code: int = 200, errors: dict[str, Any] | None = None) -> Any:
    with db.transaction() as session:
        supplier = suppliers.supplier(session, supplier_id)
        goes = consequences(session, supplier_id)
    return pages.render(
        "ending.html",
        code,
        supplier=supplier,
        ending=status == TERMINATED,
        allowed=status in MOVES[supplier.status],
        goes=goes,
        sent=request.form if errors else {},
        errors=errors or {},
    )


def _end(supplier_id: UUID, status: str) -> Any:
    sent = Sent()
    reason = sent.text("reason", longest=1000, required=True)
    orders = sent.one_of("orders", ("continue", "cancel"))
    try:
        with db.transaction() as session:
            name = suppliers.supplier(session, supplier_id).company_name
            if status == TERMINATED and request.form.get("name", "").strip() != name:
                sent.refuse("name", "another", gettext(_("Type it as it stands above. There is no way back.")))
            sent.check()
            end_offer(session, supplier_id, status, reason=reason, cancel_open=orders == "cancel")
    except Invalid as error:
        return _ending(supplier_id, status, 422, problems(error))
    return go(page_url("approvals.detail", supplier_id=supplier_id, done="decided"))
