"""Settings: stores, the price rule, the team, API keys, webhooks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.adapters import registries
from app.config import settings as config
from app.kit.errors import Conflict, Invalid
from app.kit.money import Money
from app.kit.texts import marked as _
from app.pricing.rules import retail_price
from app.pricing.service import ROUNDINGS, as_rule, change_rule, default_rule
from app.stores import queries as stores
from app.stores.models import Store
from app.stores.service import connect_without_credentials, request_connection
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.organisation import keys, team, webhooks
from app.web.pages import Nav, Pages, go, page_url
from app.web.ui.rendering import gettext, ngettext
from embedded_ui.pages.store_settings import UNLINKED_LABELS

pages = Pages(__name__, nav=Nav(_("Settings"), "settings", 90))
_ROUNDING_LABELS = {"none": _("No rounding"), "to_99": _("Up to the next .99")}
_EXAMPLES = (500, 1250, 4000)
#: The largest markup, in percent.
_MOST_MARKUP = 10_000


@pages.get("/settings")
def settings() -> Any:
    """Everything on one page."""
    return _page()


def _page(
    status: int = 200,
    *,
    wrong: dict[str, Any] | None = None,
    invite_errors: dict[str, Any] | None = None,
    key_errors: dict[str, Any] | None = None,
    new_key: str | None = None,
) -> Any:
    who = principal()
    with db.transaction() as session:
        rule = default_rule(session, who.organisation_id)
        examples = [(cost, retail_price(Money(cost, who.currency), as_rule(rule)).minor) for cost in _EXAMPLES]
        found = stores.stores_of(session, who.organisation_id)
        platforms = {name: one.label for name, one in registries.stores.all().items()}
        context: dict[str, Any] = {
            "stores": [
                (one, platforms.get(one.platform, one.platform), _summary(one) + _missing(session, one))
                for one in found
            ],
            "platforms": list(platforms.items()),
            "currencies": [(one, one) for one in _currencies()],
            "rule": rule,
            "examples": examples,
            "roundings": [(name, gettext(_ROUNDING_LABELS[name])) for name in ROUNDINGS],
        }
    context |= {"wrong": wrong or {}, "sent": request.form if wrong else {}}
    context |= team.shown(pages, invite_errors) | keys.shown(pages, key_errors, new_key)
    return pages.render("settings.html", status, **context)


@pages.post("/settings/stores", permission="stores.write")
def connect_store() -> Any:
    """Ask to connect a shop; where the platform grants access, the merchant goes there next."""
    sent = Sent()
    platform = registries.stores.get(sent.one_of("platform", list(registries.stores.all())))
    address = sent.text("url", longest=255, required=True)
    currency = sent.one_of("currency", _currencies()) if request.form.get("currency") else None
    try:
        sent.check()
        shop, authorize_url = platform.connect_url(address, state="")
        with db.transaction() as session:
            store = request_connection(
                session,
                principal().organisation_id,
                platform=platform.name,
                external_id=shop,
                url=shop,
                currency=currency,
            )
            if authorize_url is None:
                connect_without_credentials(session, store)
    except (Invalid, Conflict) as error:
        return _page(422, wrong={"url": error.detail, **problems(error)})
    return go(authorize_url or page_url("settings.settings", done="store_connected"))


@pages.post("/settings/rule/<uuid:rule_id>", permission="prices.write")
def save_rule(rule_id: UUID) -> Any:
    """The price rule; all listings without own prices follow it."""
    sent = Sent()
    markup, rounding = sent.basis_points("markup_percent", _MOST_MARKUP), sent.one_of("rounding", ROUNDINGS)
    try:
        sent.check()
        with db.transaction() as session:
            change_rule(session, principal().organisation_id, rule_id, markup_bps=markup, rounding=rounding)
    except Invalid as error:
        return _page(422, wrong=problems(error))
    return go(page_url("settings.settings", done="prices_saved"))


def _currencies() -> list[str]:
    return sorted({*config().currencies, principal().currency})


def _summary(store: Store) -> list[tuple[str, str]]:
    """How a store is set, in few words."""
    minutes = config().fraud_window_minutes if store.fraud_window_minutes is None else store.fraud_window_minutes
    kept = gettext(_("%(percent)s %% and %(units)s units")) % {
        "percent": store.buffer_percent,
        "units": store.buffer_units,
    }
    wait = ngettext("%(num)s minute", "%(num)s minutes", minutes) if minutes else gettext(_("sent at once"))
    return [
        (gettext(_("Stock kept back")), kept),
        (gettext(_("Paid orders wait")), wait),
        (gettext(_("Lines without a supplier")), gettext(UNLINKED_LABELS[store.unlinked_lines])),
    ]


def _missing(session: Session, store: Store) -> list[tuple[str, str]]:
    """That a store does not permit all that it could be asked for."""
    platform = registries.stores.get(store.platform)
    if all(stores.grants(session, store, platform, name) for name in platform.optional_scopes):
        return []
    return [(gettext(_("Permissions")), gettext(_("some are not given; see the store's settings")))]


team.add_to(pages, "/settings/team", page="settings.settings", show=_page)
keys.add_to(pages, "/settings/keys", page="settings.settings", show=_page)
webhooks.add_to(
    pages,
    "/settings/webhooks",
    frame=lambda: {"back": (page_url("settings.settings"), gettext(_("Settings")))},
)
