"""Settings: stores and their buffers, the price rule, the team, API keys."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from flask import g, request

from app import db
from app.adapters import registries
from app.config import settings as installation
from app.identity.queries import api_keys, members, open_invitations
from app.identity.rules import ROLES_OF_KIND, SCOPES_OF_KIND
from app.identity.service import invite, issue_key, revoke_key
from app.kit import clock
from app.kit.errors import Invalid
from app.kit.money import Money
from app.kit.texts import marked as _
from app.notifications.letters import Letter
from app.notifications.service import queue_email
from app.pricing.rules import retail_price
from app.pricing.service import ROUNDINGS, as_rule, change_rule, default_rule
from app.stores import queries as stores
from app.stores.service import change_buffer, connect_without_credentials, request_connection
from app.web.auth import principal
from app.web.pages import Nav, Pages, go, page_url
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Settings"), "settings", 90))
_ROUNDING_LABELS = {"none": _("No rounding"), "to_99": _("Up to the next .99")}
_EXAMPLES = (500, 1250, 4000)


@pages.get("/settings")
def settings() -> Any:
    """Everything on one page."""
    who = principal()
    with db.transaction() as session:
        rule = default_rule(session, who.organisation_id)
        examples = [(cost, retail_price(Money(cost, who.currency), as_rule(rule)).minor) for cost in _EXAMPLES]
        context: dict[str, Any] = {
            "stores": stores.stores_of(session, who.organisation_id),
            "platforms": [(name, one.label) for name, one in registries.stores.all().items()],
            "rule": rule,
            "examples": examples,
            "roundings": [(name, gettext(_ROUNDING_LABELS[name])) for name in ROUNDINGS],
            "keys": api_keys(session, who.organisation_id) if who.may("keys.write") else [],
            "now": clock.now(),
        }
    with db.system_scope(actor=who.actor), db.transaction() as session:
        context["members"] = members(session, who.organisation_id)
        context["invitations"] = open_invitations(session, who.organisation_id)
    context["roles"] = [(role, role.partition("_")[2].capitalize()) for role in ROLES_OF_KIND["retailer"]]
    context["new_key"] = g.get("new_key")
    return pages.render("settings.html", **context)


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
    return go(authorize_url or page_url("settings.settings", done=_("The store is connected.")))


@pages.post("/settings/stores/<uuid:store_id>/buffer", permission="settings.write")
def save_buffer(store_id: UUID) -> Any:
    """How much of the stock a store is not shown."""
    percent, units = _whole("percent", 0, 90), _whole("units", 0, 1_000_000)
    with db.transaction() as session:
        change_buffer(session, principal().organisation_id, store_id, percent=percent, units=units, cap=None)
    return go(page_url("settings.settings", done=_("Saved. Your store follows within seconds.")))


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
    return go(page_url("settings.settings", done=_("Saved. Prices follow within seconds.")))


@pages.post("/settings/team", permission="team.write")
def invite_member() -> Any:
    """Invite a colleague by e-mail."""
    who = principal()
    email = request.form.get("email", "")
    with db.system_scope(actor=who.actor), db.transaction() as session:
        token = invite(session, who.organisation_id, email=email, role=request.form.get("role", ""))
        queue_email(
            session,
            [email],
            Letter(
                subject=f"{who.organisation_name} invites you to Crossdock",
                paragraphs=(f"{who.name or 'A colleague'} invites you to work with {who.organisation_name}.",),
                button=("Accept the invitation", f"{installation().public_url}/invitation/{token}"),
                reason="You get this because somebody typed your address. If it means nothing to you, ignore it.",
            ),
            kind="invitation",
            dedupe=f"invitation:{token[:16]}",
            organisation_id=who.organisation_id,
        )
    return go(page_url("settings.settings", done=_("The invitation is on its way.")))


@pages.post("/settings/keys", permission="keys.write")
def new_key() -> Any:
    """Make an API key; it is shown on the answer to this request and never again."""
    who = principal()
    with db.transaction() as session:
        _row, secret = issue_key(
            session, who.organisation_id, name=request.form.get("name", ""), scopes=SCOPES_OF_KIND["retailer"]
        )
    g.new_key = secret
    return settings()


@pages.post("/settings/keys/<uuid:key_id>/revoke", permission="keys.write")
def drop_key(key_id: UUID) -> Any:
    """Revoke a key at once."""
    with db.transaction() as session:
        revoke_key(session, principal().organisation_id, key_id)
    return go(page_url("settings.settings", done=_("The key no longer works.")))


def _whole(name: str, least: int, most: int) -> int:
    text = request.form.get(name, "")
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise Invalid.field(name, "out_of_range", f"A whole number from {least} to {most}.")
    return int(text)
