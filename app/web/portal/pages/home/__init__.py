"""The supplier's first page: what waits, and how things go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import db
from app.catalog import queries as catalog
from app.identity.principal import Principal
from app.insights.onboarding import progress_of
from app.insights.queries import sales, today_of
from app.insights.waiting import waiting_for_supplier
from app.kit import clock
from app.kit.texts import marked as _
from app.purchasing import queries as purchasing
from app.purchasing.leaving import is_late
from app.purchasing.service.status import counts
from app.settlement import queries as settlement
from app.suppliers import queries as suppliers
from app.suppliers.rules import ACTIVE
from app.web import notices
from app.web.auth import principal
from app.web.pages import Nav, Pages, page_url
from app.web.portal.needs import needs
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Home"), "home", 0))


@pages.get("/")
def home() -> Any:
    """Orders that wait, late ones, money held and payable."""
    who = principal()
    supplier_id = who.organisation_id
    with db.transaction() as session:
        today = today_of(session, supplier_id)
        views = purchasing.counts_by_view(session, supplier_id)
        context: dict[str, Any] = {
            "supplier": suppliers.supplier(session, supplier_id),
            "notices": notices.shown_first(session),
            "new": views["new"],
            "to_ship": views["to_ship"],
            "late": purchasing.late_count(session, supplier_id, clock.now()),
            "needs": needs(waiting_for_supplier(session, supplier_id)),
            "balances": settlement.balances(session, supplier_id),
            "figures": sales(
                session, supplier_id, "supplier", start=today - timedelta(days=29), end=today, group_by="day"
            ),
            "queue": purchasing.for_supplier(session, supplier_id, views=("new", "to_ship"), limit=8).items,
        }
        context["late_ids"] = {
            one.id for one in context["queue"] if is_late(one.status, one.ship_by, map(counts, one.lines), clock.now())
        }
        context["has_rates"] = bool(suppliers.shipping_rates(session, supplier_id))
        selling = context["supplier"].status == ACTIVE
        context["progress"] = None if selling else progress_of(session, supplier_id)
        context["steps"] = _steps(session, who, has_rates=context["has_rates"]) if selling else []
        context["test_order"] = suppliers.open_test_order(session, supplier_id)
    return pages.render("home.html", **context)


def _steps(session: Session, who: Principal, *, has_rates: bool) -> list[dict[str, Any]]:
    """What a supplier does before its first order, as far as the reader may do it."""
    account = settlement.payout_account(session, who.organisation_id)
    steps = (
        (
            "settings.write",
            _("Add shipping rates"),
            _("Without a rate for a country nobody there can order."),
            has_rates,
            "settings.settings",
        ),
        (
            "products.write",
            _("Upload your products"),
            _("With prices and stock, from a list of yours or our template."),
            bool(catalog.own_products(session, who.organisation_id, limit=1).items),
            "uploads.uploads",
        ),
        (
            "payouts.write",
            _("Open your payout account"),
            _("It is where your money goes once parcels have arrived."),
            account is not None and account.capability in ("active", "by_hand"),
            "statements.statements",
        ),
    )
    return [
        {"label": gettext(label), "text": gettext(text), "done": done, "href": page_url(page)}
        for permission, label, text, done, page in steps
        if who.may(permission)
    ]


notices.add_dismissing(pages, page="home.home")
