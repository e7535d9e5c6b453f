"""The console's first page: what needs the platform's people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app import db
from app.insights.queries import sales
from app.inventory.queries import oversold_levels
from app.kit import clock
from app.kit.texts import marked as _
from app.listings.queries import sync_lag_by_platform
from app.outbox import queries as outbox
from app.settlement.service.reconciling import open_breaks
from app.suppliers import queries as suppliers
from app.web import notices
from app.web.pages import Nav, Pages

pages = Pages(__name__, nav=Nav(_("Home"), "home", 0))


@pages.get("/")
def home() -> Any:
    """Notices, applications, breaks, tasks that gave up, lag, and the month's sales."""
    today = clock.now().date()
    with db.transaction() as session:
        waiting, oldest = outbox.open_events(session)
        context: dict[str, Any] = {
            "notices": notices.shown_first(session),
            "applications": suppliers.count_in(session, ("APPLIED", "IN_REVIEW", "NEEDS_INFO", "TESTING")),
            "queues": outbox.queue_figures(session),
            "dead": outbox.dead_groups(session),
            "breaks": open_breaks(session),
            "oversold": oversold_levels(session),
            "lag": sync_lag_by_platform(session),
            "open_events": waiting,
            "oldest": oldest,
            "figures": sales(session, None, "platform", start=today - timedelta(days=29), end=today, group_by="day"),
        }
    return pages.render("home.html", **context)


notices.add_dismissing(pages, page="home.home")
