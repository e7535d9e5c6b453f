"""The terms: returns, and when and for how much parcels leave."""

from __future__ import annotations

from typing import Any

from flask import request

from app import db
from app.kit.errors import Invalid
from app.kit.money import Money
from app.kit.zones import zones_to_choose
from app.suppliers import queries as suppliers
from app.suppliers.service import set_dispatch, set_order_fee
from app.suppliers.service.deciding import answered
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import page_url
from app.web.portal import returns_form
from app.web.portal.pages.onboarding.frame import frame, onwards, pages
from app.web.rate_words import reach


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
    return onwards("returns")


def _returns(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    with db.transaction() as session:
        context = frame(session, "returns")
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
    return onwards("shipping")


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
            **frame(session, "shipping"),
            "rates": [(one, reach(one.countries)) for one in suppliers.shipping_rates(session, supplier_id)],
            "closures": suppliers.closures(session, supplier_id),
        }
    return pages.render(
        "shipping.html",
        status,
        sent=request.form if errors else values,
        errors=errors or {},
        zones=zones_to_choose(str(values["timezone"])),
        currency=principal().currency,
        **context,
    )
