"""A test order, answered and shipped in the portal as a purchase order is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.adapters import registries
from app.kit.errors import Invalid, NotFound
from app.kit.texts import marked as _
from app.suppliers import queries as suppliers
from app.suppliers.rules.round_trip import PORTAL
from app.suppliers.service.round_trip import TestParcel, answer_test_order, note_seen, ship_test_order
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url
from app.web.parcels import told_parcel
from app.web.ui.rendering import gettext

pages = Pages(__name__)


@pages.get("/test-orders/<uuid:order_id>", permission="purchase_orders.read")
def detail(order_id: UUID) -> Any:
    """A test order as a purchase order looks. Opening it counts as having got it."""
    return _detail(order_id)


def _detail(order_id: UUID, status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        found = suppliers.own_test_order(session, supplier_id, order_id)
        if found is None:
            raise NotFound("purchase order")
        if principal().may("purchase_orders.write"):
            note_seen(session, found, PORTAL)
        carriers = [(name, one.label) for name, one in registries.carriers.all().items()]
    return pages.render(
        "detail.html",
        status,
        order=found,
        carriers=[("", gettext(_("Find out by the number"))), *carriers],
        sent=request.form,
        errors=errors or {},
    )


@pages.post("/test-orders/<uuid:order_id>/accept", permission="purchase_orders.write")
def accept(order_id: UUID) -> Any:
    """Accept every line."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        found = suppliers.own_test_order(session, supplier_id, order_id)
        if found is None:
            raise NotFound("purchase order")
        answers = [(UUID(line["id"]), "accepted") for line in found.lines]
        answer_test_order(session, supplier_id, order_id, answers, via=PORTAL)
    return go(page_url("test_orders.detail", order_id=order_id, done="accepted"))


@pages.post("/test-orders/<uuid:order_id>/ship", permission="purchase_orders.write")
def ship(order_id: UUID) -> Any:
    """All that is open, in one parcel."""
    supplier_id, sent = principal().organisation_id, Sent()
    number = sent.text("tracking_number", longest=60, required=True)
    try:
        sent.check()
        with db.transaction() as session:
            found = suppliers.own_test_order(session, supplier_id, order_id)
            if found is None:
                raise NotFound("purchase order")
            open_units = {
                UUID(line["id"]): line["quantity"] - line["shipped"]
                for line in found.lines
                if line["quantity"] > line["shipped"]
            }
            told = told_parcel(request.form.get("carrier", ""), number, open_units)
            parcel = TestParcel(told.carrier, number, told.tracking_url, open_units)
            ship_test_order(session, supplier_id, order_id, [parcel], via=PORTAL)
            passed = found.passed_at is not None
    except Invalid as error:
        # The one parcel's fields are the form's own.
        wrong = {field.removeprefix("parcels[0]."): text for field, text in problems(error).items()}
        return _detail(order_id, error.status, wrong)
    return go(page_url("test_orders.detail", order_id=order_id, done="test_passed" if passed else "test_shipped"))
