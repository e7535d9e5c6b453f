"""A supplier's settings: shipping rates and terms, closures, how orders reach it, returns, stock locations, files,
team, API keys and webhooks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.feeds.rules.guard import BOUNDS, DEFAULT_LIMITS, GuardLimits
from app.feeds.service import change_limits, limits_of
from app.inventory.queries import locations
from app.inventory.service import add_location
from app.kit.countries import named_countries
from app.kit.errors import Invalid
from app.kit.money import Money
from app.kit.texts import locale_of
from app.kit.texts import marked as _
from app.kit.zones import zones_to_choose
from app.suppliers import queries as suppliers
from app.suppliers.service import (
    add_closure,
    add_rate,
    change_profile,
    change_rate,
    remove_closure,
    remove_rate,
    set_dispatch,
    set_order_fee,
)
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.organisation import keys, team, webhooks
from app.web.pages import Nav, Pages, go, page_url
from app.web.portal import channel_settings, rate_form, returns_form
from app.web.rate_words import price_of, reach
from app.web.ui.rendering import gettext, locale

pages = Pages(__name__, nav=Nav(_("Settings"), "settings", 90, permission="settings.write"))

#: View → label and the permission it needs.
_VIEWS = {
    "settings": (_("Shipping and terms"), "settings.write"),
    "closures": (_("Closures"), "settings.write"),
    "channel": (_("Orders to you"), "settings.write"),
    "returns": (_("Returns"), "settings.write"),
    "places": (_("Stock locations"), "settings.write"),
    "limits": (_("Files"), "settings.write"),
    "people": (_("Team"), "team.write"),
    "api_keys": (_("API keys"), "keys.write"),
    "webhooks_list": (_("Webhooks"), "keys.write"),
}


def _views(current: str) -> list[dict[str, Any]]:
    return [
        {"label": gettext(label), "href": page_url(f"settings.{view}"), "current": view == current}
        for view, (label, permission) in _VIEWS.items()
        if principal().may(permission)
    ]


@pages.get("/settings", permission="settings.write")
def settings() -> Any:
    """Shipping rates, and what retailers read about the supplier."""
    return _settings()


def _settings(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        supplier = suppliers.supplier(session, supplier_id)
        terms = {
            "description": supplier.description,
            "website": supplier.website,
            "handling_days": supplier.handling_days,
            "cutoff_hour": supplier.cutoff_hour,
            "timezone": supplier.timezone,
            "no_post_boxes": supplier.no_post_boxes,
            "min_order_value": Money(supplier.min_order_value, principal().currency).amount,
            "order_fee": Money(supplier.order_fee, principal().currency).amount,
        }
        rates = suppliers.shipping_rates(session, supplier_id)
        currency = principal().currency
        context: dict[str, Any] = {
            "currency": currency,
            "rates": [(one, reach(one.countries), price_of(one, currency)) for one in rates],
        }
    return pages.render(
        "settings.html",
        status,
        views=_views("settings"),
        terms={**terms, **request.form} if errors else terms,
        errors=errors or {},
        zones=zones_to_choose(str(terms["timezone"])),
        **context,
    )


@pages.post("/settings/terms", permission="settings.write")
def save_terms() -> Any:
    """What retailers read about the supplier, and its terms."""
    who, sent = principal(), Sent()
    description, website = sent.text("description", longest=4000), sent.text("website", longest=300)
    min_order_value = sent.money("min_order_value", who.currency)
    try:
        sent.check()
        with db.transaction() as session:
            change_profile(
                session,
                who.organisation_id,
                description=description,
                website=website or None,
                handling_days=None,
                min_order_value=min_order_value,
            )
    except Invalid as error:
        return _settings(422, problems(error))
    return go(page_url("settings.settings", done="saved_for_orders"))


@pages.post("/settings/dispatch", permission="settings.write")
def save_dispatch() -> Any:
    """How fast parcels leave, and until which hour orders count for the day."""
    sent = Sent()
    handling_days = sent.whole("handling_days", 0, 60)
    cutoff = request.form.get("cutoff_hour", "").strip()
    cutoff_hour = sent.whole("cutoff_hour", 0, 23) if cutoff else None
    try:
        sent.check()
        with db.transaction() as session:
            set_dispatch(
                session,
                principal().organisation_id,
                handling_days=handling_days,
                cutoff_hour=cutoff_hour,
                timezone=request.form.get("timezone", ""),
                no_post_boxes=bool(request.form.get("no_post_boxes")),
            )
    except Invalid as error:
        return _settings(422, problems(error))
    return go(page_url("settings.settings", done="saved_for_orders"))


@pages.post("/settings/order-fee", permission="settings.write")
def save_order_fee() -> Any:
    """What each purchase order costs besides goods and shipping."""
    who, sent = principal(), Sent()
    order_fee = sent.money("order_fee", who.currency)
    try:
        sent.check()
        with db.transaction() as session:
            set_order_fee(session, who.organisation_id, order_fee)
    except Invalid as error:
        return _settings(422, problems(error))
    return go(page_url("settings.settings", done="saved_for_orders"))


@pages.get("/settings/rates/new", permission="settings.write")
def new_rate() -> Any:
    """An empty form for a rate."""
    return _rate_form(None, rate_form.EMPTY)


@pages.post("/settings/rates/new", permission="settings.write")
def create_rate() -> Any:
    """Add a shipping rate."""
    try:
        with db.transaction() as session:
            add_rate(session, principal().organisation_id, rate_form.sent_rate(principal().currency))
    except Invalid as error:
        return _rate_form(None, request.form, problems(error))
    return _after_rate("added_for_orders")


@pages.get("/settings/rates/<uuid:rate_id>", permission="settings.write")
def rate(rate_id: UUID) -> Any:
    """A shipping rate, to be changed."""
    with db.transaction() as session:
        row = suppliers.own_rate(session, principal().organisation_id, rate_id)
        values = rate_form.shown(row, principal().currency)
    return _rate_form(rate_id, values)


@pages.post("/settings/rates/<uuid:rate_id>", permission="settings.write")
def save_rate(rate_id: UUID) -> Any:
    """Change a shipping rate; orders placed before keep theirs."""
    try:
        with db.transaction() as session:
            suppliers.own_rate(session, principal().organisation_id, rate_id)
            change_rate(session, principal().organisation_id, rate_id, rate_form.sent_rate(principal().currency))
    except Invalid as error:
        return _rate_form(rate_id, request.form, problems(error))
    return _after_rate("saved_for_orders")


def _after_rate(done: str) -> Any:
    """Back to where the rate was asked for: the settings, or the set-up."""
    back = "onboarding.shipping" if request.form.get("from") == "set-up" else "settings.settings"
    return go(page_url(back, done=done))


@pages.post("/settings/rates/<uuid:rate_id>/remove", permission="settings.write")
def drop_rate(rate_id: UUID) -> Any:
    """Take a shipping rate away."""
    with db.transaction() as session:
        remove_rate(session, principal().organisation_id, rate_id)
    return go(page_url("settings.settings", done="rate_removed"))


def _rate_form(rate_id: UUID | None, values: Any, errors: dict[str, Any] | None = None) -> Any:
    return pages.render(
        "rate.html",
        422 if errors else 200,
        rate_id=rate_id,
        sent=values,
        errors=errors or {},
        currency=principal().currency,
        methods=[(name, gettext(label)) for name, label in rate_form.METHOD_LABELS.items()],
        price_by=[(name, gettext(label)) for name, label in rate_form.PRICE_BY_LABELS.items()],
        rows=rate_form.rows_of(values),
        came_from="set-up" if request.values.get("from") == "set-up" else "",
    )


@pages.get("/settings/closures", permission="settings.write")
def closures() -> Any:
    """Days on which nothing leaves."""
    return _closures()


@pages.post("/settings/closures", permission="settings.write")
def add_closed_days() -> Any:
    """Plan a closure; retailers see it, and delivery dates reckon with it."""
    sent = Sent()
    starts_on, ends_on = sent.day("starts_on", required=True), sent.day("ends_on", required=True)
    note = sent.text("note", longest=200)
    try:
        sent.check()
        assert starts_on is not None
        assert ends_on is not None
        with db.transaction() as session:
            add_closure(session, principal().organisation_id, starts_on=starts_on, ends_on=ends_on, note=note)
    except Invalid as error:
        return _closures(422, problems(error))
    return go(page_url("settings.closures", done="added_for_orders"))


@pages.post("/settings/closures/<uuid:closure_id>/remove", permission="settings.write")
def drop_closure(closure_id: UUID) -> Any:
    """Open on those days after all."""
    with db.transaction() as session:
        remove_closure(session, principal().organisation_id, closure_id)
    return go(page_url("settings.closures", done="saved_for_orders"))


def _closures(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    with db.transaction() as session:
        found = suppliers.closures(session, principal().organisation_id)
    return pages.render(
        "closures.html",
        status,
        views=_views("closures"),
        closures=found,
        sent=request.form if errors else {},
        errors=errors or {},
    )


@pages.get("/settings/returns", permission="settings.write")
def returns() -> Any:
    """Where returns go, and on which terms."""
    return _returns()


@pages.post("/settings/returns", permission="settings.write")
def store_returns() -> Any:
    """Keep the terms as a new version."""
    try:
        returns_form.save()
    except Invalid as error:
        return _returns(422, problems(error))
    return go(page_url("settings.returns", done="saved_for_orders"))


def _returns(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    with db.transaction() as session:
        shown = returns_form.shown(session, errors)
    target = page_url("settings.store_returns")
    return pages.render("returns.html", status, views=_views("returns"), target=target, **shown)


@pages.get("/settings/locations", permission="settings.write")
def places() -> Any:
    """Where the supplier keeps its goods."""
    return _places()


@pages.post("/settings/locations", permission="settings.write")
def add_place() -> Any:
    """Add a stock location."""
    sent, supplier_id = Sent(), principal().organisation_id
    code, name = sent.text("code", longest=40, required=True), sent.text("name", longest=120, required=True)
    try:
        sent.check()
        with db.transaction() as session:
            first = not locations(session, supplier_id)
            country = request.form.get("country", "")
            add_location(session, supplier_id, code=code, name=name, country=country, default=first)
    except Invalid as error:
        return _places(422, problems(error))
    return go(page_url("settings.places", done="location_added"))


def _places(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    supplier_id = principal().organisation_id
    names = locale_of(locale()).territories
    with db.transaction() as session:
        found = [(one, str(names.get(one.country, one.country))) for one in locations(session, supplier_id)]
        home = suppliers.supplier(session, supplier_id).country
    return pages.render(
        "places.html",
        status,
        views=_views("places"),
        places=found,
        countries=named_countries(locale()),
        sent=request.form if errors else {"country": home},
        errors=errors or {},
    )


@pages.get("/settings/team", permission="team.write")
def people() -> Any:
    """The supplier's people."""
    return _people()


def _people(status: int = 200, *, invite_errors: dict[str, Any] | None = None) -> Any:
    return pages.render("people.html", status, views=_views("people"), **team.shown(pages, invite_errors))


@pages.get("/settings/keys", permission="keys.write")
def api_keys() -> Any:
    """Keys for the supplier's own programs."""
    return _keys()


def _keys(status: int = 200, *, key_errors: dict[str, Any] | None = None, new_key: str | None = None) -> Any:
    return pages.render("keys.html", status, views=_views("api_keys"), **keys.shown(pages, key_errors, new_key))


@pages.get("/settings/files", permission="settings.write")
def limits() -> Any:
    """How much a file may differ before somebody must look at it."""
    with db.transaction() as session:
        chosen = limits_of(session, principal().organisation_id)
    return _limits({name: getattr(chosen, name) for name in BOUNDS})


@pages.post("/settings/files", permission="settings.write")
def save_limits() -> Any:
    """Choose other limits, or the usual ones again."""
    sent = Sent()
    if request.form.get("usual"):
        chosen = DEFAULT_LIMITS
    else:
        chosen = GuardLimits(**{name: sent.whole(name, least, most) for name, (least, most) in BOUNDS.items()})
    try:
        sent.check()
        with db.transaction() as session:
            change_limits(session, principal().organisation_id, chosen)
    except Invalid as error:
        return _limits(request.form, problems(error))
    return go(page_url("settings.limits", done="saved"))


def _limits(values: Any, errors: dict[str, Any] | None = None) -> Any:
    return pages.render(
        "limits.html",
        422 if errors else 200,
        views=_views("limits"),
        values=values,
        bounds=BOUNDS,
        usual=DEFAULT_LIMITS,
        is_usual=not errors and all(values[name] == getattr(DEFAULT_LIMITS, name) for name in BOUNDS),
        errors=errors or {},
    )


channel_settings.add_to(pages, "/settings/channel", frame=lambda: {"views": _views("channel")})
team.add_to(pages, "/settings/team", page="settings.people", show=_people)
keys.add_to(pages, "/settings/keys", page="settings.api_keys", show=_keys)
webhooks.add_to(pages, "/settings/webhooks", frame=lambda: {"views": _views("webhooks_list")})
