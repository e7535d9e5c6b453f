"""Settings: stores and their buffers, the price rule, the team, API keys, webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.adapters import registries
from app.config import settings as config
from app.fulfillment.queries import parcels_refused
from app.kit.errors import Invalid
from app.kit.money import Money
from app.kit.texts import marked as _
from app.listings.service import forget_link
from app.listings.unlinked import skus_of, store_links
from app.pricing.rules import retail_price
from app.pricing.service import ROUNDINGS, as_rule, change_rule, default_rule
from app.stores import queries as stores
from app.stores.models import Store
from app.stores.risk import (
    ALONE,
    ALWAYS,
    AUTHORIZED,
    COUNTS,
    FACTORS,
    LIKE_OURS,
    PAID,
    SENDS_WHEN,
    UNLINKED,
    RiskRules,
    rules_of,
)
from app.stores.service import (
    change_buffer,
    change_fraud_window,
    change_refunds,
    change_risk_rules,
    change_sends_when,
    change_tracking_link,
    change_unlinked_lines,
    connect_without_credentials,
    request_connection,
)
from app.web.auth import principal
from app.web.organisation import keys, team, webhooks
from app.web.pages import Nav, Pages, go, page_url
from app.web.store_refunds import way_of
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Settings"), "settings", 90))
_ROUNDING_LABELS = {"none": _("No rounding"), "to_99": _("Up to the next .99")}
_UNLINKED_LABELS = {
    LIKE_OURS: _("Ask me where it looks like one of ours"),
    ALWAYS: _("Always ask me"),
    ALONE: _("Leave it alone"),
}
_SENDS_WHEN_LABELS = {PAID: _("Your customer has paid"), AUTHORIZED: _("The payment is authorised")}
_LINKS_SHOWN = 100
_EXAMPLES = (500, 1250, 4000)


@pages.get("/settings")
def settings() -> Any:
    """Everything on one page."""
    return _page()


def _page(
    status: int = 200,
    *,
    invite_errors: dict[str, Any] | None = None,
    key_errors: dict[str, Any] | None = None,
    new_key: str | None = None,
) -> Any:
    who = principal()
    with db.transaction() as session:
        rule = default_rule(session, who.organisation_id)
        examples = [(cost, retail_price(Money(cost, who.currency), as_rule(rule)).minor) for cost in _EXAMPLES]
        found = stores.stores_of(session, who.organisation_id)
        context: dict[str, Any] = {
            "stores": found,
            "refund_ways": {one.id: way_of(session, one).value for one in found},
            "store_scopes": {one.id: registries.stores.get(one.platform).optional_scopes for one in found},
            "hears_returns": {
                one.id: stores.grants(session, one, registries.stores.get(one.platform), "returns") for one in found
            },
            "risks": {one.id: rules_of(one.risk_rules) for one in found},
            "factors": [
                (str(one), gettext(_("%(n)s times your usual order")) % {"n": one} if one else gettext(_("Off")))
                for one in FACTORS
            ],
            "counts": [
                (str(one), gettext(_("%(n)s orders within an hour")) % {"n": one} if one else gettext(_("Off")))
                for one in COUNTS
            ],
            "platforms": [(name, one.label) for name, one in registries.stores.all().items()],
            "unlinked": [(name, gettext(_UNLINKED_LABELS[name])) for name in UNLINKED],
            "sends_when": [(name, gettext(_SENDS_WHEN_LABELS[name])) for name in SENDS_WHEN],
            "links": (links := {one.id: _links(session, one.id) for one in found}),
            "sends_linked": {one.id for one in found if _sends_linked(session, one, links[one.id])},
            "usual_wait": config().fraud_window_minutes,
            "rule": rule,
            "examples": examples,
            "roundings": [(name, gettext(_ROUNDING_LABELS[name])) for name in ROUNDINGS],
        }
    context |= team.shown(pages, invite_errors) | keys.shown(pages, key_errors, new_key)
    return pages.render("settings.html", status, **context)


@pages.post("/settings/stores", permission="stores.write")
def connect_store() -> Any:
    """Ask to connect a shop; where the platform grants access, the merchant goes there next."""
    platform = registries.stores.all().get(request.form.get("platform", ""))
    if platform is None:
        raise Invalid.field("platform", "unknown_platform", "Choose a platform.")
    shop, authorize_url = platform.connect_url(request.form.get("url", ""), state="")
    with db.transaction() as session:
        store = request_connection(
            session, principal().organisation_id, platform=platform.name, external_id=shop, url=shop
        )
        if authorize_url is None:
            connect_without_credentials(session, store)
    return go(authorize_url or page_url("settings.settings", done="store_connected"))


@pages.post("/settings/stores/<uuid:store_id>/buffer", permission="settings.write")
def save_buffer(store_id: UUID) -> Any:
    """How much of the stock a store is not shown."""
    percent, units = _whole("percent", 0, 90), _whole("units", 0, 1_000_000)
    with db.transaction() as session:
        change_buffer(session, principal().organisation_id, store_id, percent=percent, units=units, cap=None)
    return go(page_url("settings.settings", done="saved_for_store"))


@pages.post("/settings/stores/<uuid:store_id>/wait", permission="settings.write")
def save_wait(store_id: UUID) -> Any:
    """How long a store's paid orders wait before they are charged and sent."""
    minutes = _whole("minutes", 0, 60)
    with db.transaction() as session:
        change_fraud_window(session, principal().organisation_id, store_id, minutes)
    return go(page_url("settings.settings", done="saved_for_orders"))


@pages.post("/settings/stores/<uuid:store_id>/refunds", permission="settings.write")
def save_refunds(store_id: UUID) -> Any:
    """Whether a store's customers are refunded there by itself."""
    with db.transaction() as session:
        change_refunds(session, principal().organisation_id, store_id, bool(request.form.get("by_itself")))
    return go(page_url("settings.settings", done="saved_for_refunds"))


@pages.post("/settings/stores/<uuid:store_id>/tracking-link", permission="settings.write")
def save_tracking_link(store_id: UUID) -> Any:
    """Where a store's customers are led from a parcel's number."""
    with db.transaction() as session:
        change_tracking_link(session, principal().organisation_id, store_id, bool(request.form.get("own_page")))
    return go(page_url("settings.settings", done="saved_for_tracking"))


@pages.post("/settings/stores/<uuid:store_id>/risks", permission="settings.write")
def save_risks(store_id: UUID) -> Any:
    """Which of a store's orders wait to be looked at."""
    rules = RiskRules(
        value_factor=_one_of("value_factor", FACTORS),
        velocity=_one_of("velocity", COUNTS),
        countries=bool(request.form.get("countries")),
        platform=bool(request.form.get("platform")),
        address=bool(request.form.get("address")),
    )
    with db.transaction() as session:
        change_risk_rules(session, principal().organisation_id, store_id, rules)
    return go(page_url("settings.settings", done="saved_for_orders"))


@pages.post("/settings/stores/<uuid:store_id>/unlinked", permission="settings.write")
def save_unlinked(store_id: UUID) -> Any:
    """What becomes of a store's lines that no supplier's item is linked to."""
    with db.transaction() as session:
        change_unlinked_lines(session, principal().organisation_id, store_id, request.form.get("unlinked_lines", ""))
    return go(page_url("settings.settings", done="saved_for_orders"))


@pages.post("/settings/stores/<uuid:store_id>/send-when", permission="settings.write")
def save_send_when(store_id: UUID) -> Any:
    """How far a store's orders are paid before suppliers have them."""
    with db.transaction() as session:
        change_sends_when(session, principal().organisation_id, store_id, request.form.get("send_when", ""))
    return go(page_url("settings.settings", done="saved_for_orders"))


@pages.post("/settings/stores/<uuid:store_id>/links/<uuid:link_id>/forget", permission="settings.write")
def forget(store_id: UUID, link_id: UUID) -> Any:
    """Be asked again about an article of a store."""
    with db.transaction() as session:
        forget_link(session, principal().organisation_id, store_id, link_id)
    return go(page_url("settings.settings", done="link_forgotten"))


def _links(session: Session, store_id: UUID) -> list[tuple[UUID, str, str | None]]:
    """What the retailer has said of a store's articles: id, the store's name of it and the supplier's SKU."""
    found = store_links(session, store_id)[:_LINKS_SHOWN]
    skus = skus_of(session, [one.variant_id for one in found if one.variant_id])
    return [(one.id, one.title, skus.get(one.variant_id) if one.variant_id else None) for one in found]


def _sends_linked(session: Session, store: Store, links: Sequence[tuple[UUID, str, str | None]]) -> bool:
    """Whether a store has linked articles that it sends itself, where its merchant does not let us tell it of them."""
    platform = registries.stores.get(store.platform)
    if "merchant_fulfillment" not in platform.capabilities:
        return False
    if stores.grants(session, store, platform, "merchant_fulfillment"):
        return False
    return any(sku for _id, _title, sku in links) or parcels_refused(session, store.id)


def _one_of(name: str, choices: Sequence[int]) -> int:
    given = request.form.get(name, "")
    if given not in {str(one) for one in choices}:
        raise Invalid.field(name, "unknown", "Choose one.")
    return int(given)


@pages.post("/settings/rule/<uuid:rule_id>", permission="prices.write")
def save_rule(rule_id: UUID) -> Any:
    """The price rule; all listings without own prices follow it."""
    try:
        markup = Decimal(request.form.get("markup_percent", "").replace(",", "."))
    except InvalidOperation as error:
        raise Invalid.field(
            "markup_percent", "not_a_number", "A markup is a number of percent, such as 120."
        ) from error
    with db.transaction() as session:
        change_rule(
            session,
            principal().organisation_id,
            rule_id,
            markup_bps=int(markup * 100),
            rounding=request.form.get("rounding", "none"),
        )
    return go(page_url("settings.settings", done="prices_saved"))


team.add_to(pages, "/settings/team", page="settings.settings", show=_page)
keys.add_to(pages, "/settings/keys", page="settings.settings", show=_page)
webhooks.add_to(
    pages,
    "/settings/webhooks",
    frame=lambda: {"back": (page_url("settings.settings"), gettext(_("Settings")))},
)


def _whole(name: str, least: int, most: int) -> int:
    text = request.form.get(name, "")
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise Invalid.field(name, "out_of_range", f"A whole number from {least} to {most}.")
    return int(text)
