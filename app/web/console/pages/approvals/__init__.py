"""Suppliers that applied, and the decision on them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.audit import service as audit
from app.kit.errors import Invalid, NotFound
from app.kit.texts import marked as _
from app.suppliers import queries as suppliers
from app.suppliers.models import SupplierApplication
from app.suppliers.rules import MOVES
from app.suppliers.service import Contact, contact_of, decide
from app.web.pages import Nav, Pages, go, page_url
from app.web.ui.rendering import gettext
from app.web.ui.statuses import shown

pages = Pages(__name__, nav=Nav(_("Suppliers"), "approvals", 10))
_WAITING = ("APPLIED", "IN_REVIEW", "NEEDS_INFO", "TESTING")
_DECIDED = ("ACTIVE", "SUSPENDED", "REJECTED", "TERMINATED")


@pages.get("/suppliers")
def approvals() -> Any:
    """Those that wait, and those that were decided on."""
    decided = request.args.get("view") == "decided"
    with db.transaction() as session:
        found = suppliers.applications(session, _DECIDED if decided else _WAITING)
    views = [
        {"label": gettext("Waiting"), "href": page_url("approvals.approvals"), "current": not decided},
        {"label": gettext("Decided"), "href": page_url("approvals.approvals", view="decided"), "current": decided},
    ]
    return pages.render("approvals.html", found=found, views=views)


@pages.get("/suppliers/<uuid:supplier_id>")
def detail(supplier_id: UUID) -> Any:
    """One application with its evidence and history."""
    with db.transaction() as session:
        application = session.get(SupplierApplication, supplier_id)
        if application is None:
            raise NotFound("supplier")
        supplier = suppliers.supplier(session, supplier_id)
        context: dict[str, Any] = {
            "supplier": supplier,
            "application": application,
            "contact": _contact(session, application),
            "history": suppliers.history(session, supplier_id),
            "moves": [(name, gettext(shown("supplier", name).label)) for name in sorted(MOVES[supplier.status])],
        }
    return pages.render("detail.html", **context)


def _contact(session: Session, application: SupplierApplication) -> Contact:
    """Whom to speak to. Who read it stands in the audit log."""
    audit.record(session, application.supplier_id, "suppliers.contact_read", "supplier", application.supplier_id)
    return contact_of(application)


@pages.post("/suppliers/<uuid:supplier_id>/decide", permission="suppliers.approve")
def decision(supplier_id: UUID) -> Any:
    """Move a supplier's status; the supplier is told, with the reason."""
    reason = request.form.get("reason", "").strip()
    if not reason:
        raise Invalid.field("reason", "required", "Give a reason; the supplier reads it.")
    with db.transaction() as session:
        decide(session, supplier_id, request.form.get("status", ""), reason=reason)
    return go(page_url("approvals.detail", supplier_id=supplier_id, done="decided"))
