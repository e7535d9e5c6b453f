"""The retailer's first page: what needs doing, and how things go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app import db
from app.insights.queries import sales
from app.kit import clock
from app.kit.texts import marked as _
from app.listings import queries as listings
from app.orders import queries as orders
from app.pricing.queries import rules_of
from app.settlement import queries as settlement
from app.stores import queries as stores
from app.web import notices
from app.web.auth import principal
from app.web.pages import Nav, Pages, page_url

pages = Pages(__name__, nav=Nav(_("Home"), "home", 0))


@pages.get("/")
def home() -> Any:
    """Notices, figures, set-up steps and the newest orders."""
    who = principal()
    retailer_id = who.organisation_id
    today = clock.now().date()
    with db.transaction() as session:
        found_stores = stores.stores_of(session, retailer_id)
        counts = listings.counts_by_state(session, retailer_id)
        profile = settlement.payment_profile(session, retailer_id)
        newest = orders.orders(session, retailer_id, limit=8).items
        figures = sales(session, retailer_id, "retailer", start=today - timedelta(days=29), end=today, group_by="day")
        context: dict[str, Any] = {
            "stores": [(store, listings.sync_figures(session, store.id)) for store in found_stores],
            "notices": notices.shown_first(session),
            "figures": figures,
            "orders": newest,
            "live": counts.get("LIVE", 0),
            "failed": counts.get("FAILED", 0) + counts.get("UNLINKED", 0),
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


notices.add_dismissing(pages, page="home.home")
