"""The retailer's first page: what needs doing, and how things go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app import db
from app.exceptions.queries import all_kinds
from app.exceptions.queries import counts as counts_of_stuck
from app.insights.queries import Sales, sales, today_of
from app.kit.errors import Conflict
from app.kit.texts import marked as _
from app.listings import queries as listings
from app.orders import queries as orders
from app.pricing.queries import rules_of
from app.settlement import queries as settlement
from app.stores import queries as stores
from app.web import notices
from app.web.auth import principal
from app.web.exceptions import reader_of
from app.web.pages import Nav, Pages, page_url
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Home"), "home", 0))


@pages.get("/")
def home() -> Any:
    """Notices, figures, set-up steps and the newest orders."""
    who = principal()
    retailer_id, sees_orders = who.organisation_id, who.may("orders.read")
    reader = reader_of(who)
    with db.transaction() as session:
        found_stores = stores.stores_of(session, retailer_id)
        counts = listings.counts_by_state(session, retailer_id)
        profile = settlement.payment_profile(session, retailer_id)
        newest = orders.orders(session, retailer_id, limit=8).items if sees_orders else []
        figures, no_figures = _figures(session, retailer_id)
        context: dict[str, Any] = {
            "stores": [(store, listings.sync_figures(session, store.id)) for store in found_stores],
            "notices": notices.shown_first(session),
            "figures": figures if who.may("analytics.read") else None,
            "no_figures": no_figures,
            "orders_placed": figures.totals.orders if figures else None,
            "orders": newest,
            "needs": _needs(counts_of_stuck(session, reader, ball=reader.party) if sees_orders else {}, counts),
            "sees_orders": sees_orders,
            "live": counts.get("LIVE", 0),
            "steps": [
                {
                    "label": _("Connect a store"),
                    "text": _("Your products and orders flow from there."),
                    "done": any(store.status == "connected" for store in found_stores),
                    "href": page_url("settings.settings"),
                },
                {
                    "label": _("List a first product"),
                    "text": _("Find one, set its price, publish it."),
                    "done": bool(counts),
                    "href": page_url("products.find"),
                },
                {
                    "label": _("Look at your price rule"),
                    "text": _("It turns the supplier's cost into your price."),
                    "done": bool(rules_of(session, retailer_id)),
                    "href": page_url("settings.settings"),
                },
                {
                    "label": _("Add a payment card"),
                    "text": _("It pays suppliers when your customers buy."),
                    "done": bool(profile and profile.method_ref),
                    "href": page_url("billing.billing"),
                },
            ],
        }
    return pages.render("home.html", **context)


def _figures(session: Session, retailer_id: UUID) -> tuple[Sales | None, str]:
    """Sales of the last 30 of the retailer's days; or None, and why."""
    today = today_of(session, retailer_id)
    try:
        found = sales(session, retailer_id, "retailer", start=today - timedelta(days=29), end=today, group_by="day")
    except Conflict as without_rate:
        return None, without_rate.detail
    return found, ""


def _needs(stuck: Mapping[str, int], listed: Mapping[str, int]) -> list[tuple[str, int, str]]:
    """What waits for this retailer: what it is, how much of it, and the list of just that."""
    found = [
        (gettext(kind.label), stuck[name], page_url("exceptions.list_exceptions", view="mine", kind=name))
        for name, kind in all_kinds().items()
        if stuck.get(name)
    ]
    failed = sum(listed.get(state, 0) for state in listings.VIEWS["needs_you"])
    if failed:
        found.append((gettext(_("Listings in trouble")), failed, page_url("listings.list_listings", view="needs_you")))
    return found


notices.add_dismissing(pages, page="home.home")
