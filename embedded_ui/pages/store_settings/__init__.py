"""The settings of one store: what it is shown of the stock, what waits, and what its customers see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from app import db
from app.adapters import registries
from app.config import settings as config
from app.fulfillment.queries import parcels_refused
from app.kit.errors import Invalid
from app.kit.texts import marked as _
from app.listings.service import forget_link
from app.listings.unlinked import skus_of, store_links
from app.stores import queries as stores
from app.stores.models import Store
from app.stores.payment import SENDS_WHEN, Payment
from app.stores.risk import (
    ALONE,
    ALWAYS,
    COUNTS,
    FACTORS,
    LIKE_OURS,
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
)
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import Pages, go, page_url
from app.web.store_refunds import way_of
from app.web.ui.rendering import gettext

pages = Pages(__name__)
UNLINKED_LABELS = {
    LIKE_OURS: _("Ask me where it looks like one of ours"),
    ALWAYS: _("Always ask me"),
    ALONE: _("Leave it alone"),
}
_SENDS_WHEN_LABELS = {Payment.PAID: _("Your customer has paid"), Payment.AUTHORIZED: _("The payment is authorised")}
_LINKS_SHOWN = 100
_MOST_UNITS = 1_000_000


@pages.get("/settings/stores/<uuid:store_id>", permission="settings.write")
def store(store_id: UUID) -> Any:
    """All of one store's settings."""
    return _page(store_id)


def _page(store_id: UUID, status: int = 200, *, wrong: dict[str, Any] | None = None) -> Any:
    """``wrong``: with the form as it was sent, and what is wrong with its fields."""
    with db.transaction() as session:
        found = stores.store_of(session, principal().organisation_id, store_id)
        platform = registries.stores.get(found.platform)
        links = _links(session, found.id)
        context: dict[str, Any] = {
            "store": found,
            "platform": platform.label,
            "refund_way": way_of(session, found).value,
            "scopes": platform.optional_scopes,
            "hears_returns": stores.grants(session, found, platform, "returns"),
            "rules": rules_of(found.risk_rules),
            "factors": [
                (str(one), gettext(_("%(n)s times your usual order")) % {"n": one} if one else gettext(_("Off")))
                for one in FACTORS
            ],
            "counts": [
                (str(one), gettext(_("%(n)s orders within an hour")) % {"n": one} if one else gettext(_("Off")))
                for one in COUNTS
            ],
            "sends_when": [(name, gettext(_SENDS_WHEN_LABELS[name])) for name in SENDS_WHEN],
            "unlinked": [(name, gettext(UNLINKED_LABELS[name])) for name in UNLINKED],
            "links": links,
            "sends_linked": _sends_linked(session, found, links),
            "usual_wait": config().fraud_window_minutes,
        }
    sent = request.form if wrong else {}
    return pages.render("store.html", status, wrong=wrong or {}, sent=sent, **context)


def _saved(store_id: UUID, change: Callable[[Session, UUID, Sent], Any], *, done: str) -> Any:
    """Carry out what a form asks for, or show it again with what is wrong."""
    sent = Sent()
    try:
        with db.transaction() as session:
            change(session, principal().organisation_id, sent)
            sent.check()
    except Invalid as error:
        return _page(store_id, 422, wrong=problems(error))
    return go(page_url("store_settings.store", store_id=store_id, done=done))


@pages.post("/settings/stores/<uuid:store_id>/buffer", permission="settings.write")
def save_buffer(store_id: UUID) -> Any:
    """How much of the stock a store is not shown."""

    def change(session: Session, retailer_id: UUID, sent: Sent) -> None:
        percent, units = sent.whole("percent", 0, 90), sent.whole("units", 0, _MOST_UNITS)
        cap = sent.whole("cap", 1, _MOST_UNITS) if request.form.get("cap", "").strip() else None
        sent.check()
        change_buffer(session, retailer_id, store_id, percent=percent, units=units, cap=cap)

    return _saved(store_id, change, done="saved_for_store")


@pages.post("/settings/stores/<uuid:store_id>/wait", permission="settings.write")
def save_wait(store_id: UUID) -> Any:
    """How long a store's paid orders wait before they are charged and sent."""

    def change(session: Session, retailer_id: UUID, sent: Sent) -> None:
        minutes = sent.whole("minutes", 0, 60)
        sent.check()
        change_fraud_window(session, retailer_id, store_id, minutes)

    return _saved(store_id, change, done="saved_for_orders")


@pages.post("/settings/stores/<uuid:store_id>/send-when", permission="settings.write")
def save_send_when(store_id: UUID) -> Any:
    """How far a store's orders are paid before suppliers have them."""

    def change(session: Session, retailer_id: UUID, sent: Sent) -> None:
        when = sent.one_of("send_when", SENDS_WHEN)
        sent.check()
        change_sends_when(session, retailer_id, store_id, when)

    return _saved(store_id, change, done="saved_for_orders")


@pages.post("/settings/stores/<uuid:store_id>/refunds", permission="settings.write")
def save_refunds(store_id: UUID) -> Any:
    """Whether a store's customers are refunded there by itself."""

    def change(session: Session, retailer_id: UUID, _sent: Sent) -> None:
        change_refunds(session, retailer_id, store_id, bool(request.form.get("by_itself")))

    return _saved(store_id, change, done="saved_for_refunds")


@pages.post("/settings/stores/<uuid:store_id>/tracking-link", permission="settings.write")
def save_tracking_link(store_id: UUID) -> Any:
    """Where a store's customers are led from a parcel's number."""

    def change(session: Session, retailer_id: UUID, _sent: Sent) -> None:
        change_tracking_link(session, retailer_id, store_id, bool(request.form.get("own_page")))

    return _saved(store_id, change, done="saved_for_tracking")


@pages.post("/settings/stores/<uuid:store_id>/risks", permission="settings.write")
def save_risks(store_id: UUID) -> Any:
    """Which of a store's orders wait to be looked at."""

    def change(session: Session, retailer_id: UUID, sent: Sent) -> None:
        rules = RiskRules(
            value_factor=int(sent.one_of("value_factor", [str(one) for one in FACTORS])),
            velocity=int(sent.one_of("velocity", [str(one) for one in COUNTS])),
            countries=bool(request.form.get("countries")),
            platform=bool(request.form.get("platform")),
            address=bool(request.form.get("address")),
        )
        sent.check()
        change_risk_rules(session, retailer_id, store_id, rules)

    return _saved(store_id, change, done="saved_for_orders")


@pages.post("/settings/stores/<uuid:store_id>/unlinked", permission="settings.write")
def save_unlinked(store_id: UUID) -> Any:
    """What becomes of a store's lines that no supplier's item is linked to."""

    def change(session: Session, retailer_id: UUID, sent: Sent) -> None:
        what = sent.one_of("unlinked_lines", UNLINKED)
        sent.check()
        change_unlinked_lines(session, retailer_id, store_id, what)

    return _saved(store_id, change, done="saved_for_orders")


@pages.post("/settings/stores/<uuid:store_id>/links/<uuid:link_id>/forget", permission="settings.write")
def forget(store_id: UUID, link_id: UUID) -> Any:
    """Be asked again about an article of a store."""
    with db.transaction() as session:
        forget_link(session, principal().organisation_id, store_id, link_id)
    return go(page_url("store_settings.store", store_id=store_id, done="link_forgotten"))


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
