"""The supplier's first page: what waits, and how things go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app import db
from app.insights.queries import sales
from app.inventory.queries import open_shortfalls
from app.kit import clock
from app.kit.texts import marked as _
from app.notifications.queries import open_notices
from app.purchasing import queries as purchasing
from app.settlement import queries as settlement
from app.suppliers import queries as suppliers
from app.web.auth import principal
from app.web.pages import Nav, Pages

pages = Pages(__name__, nav=Nav(_("Home"), "home", 0))


@pages.get("/")
def home() -> Any:
    """Orders that wait, late ones, money held and payable."""
    supplier_id = principal().organisation_id
    today = clock.now().date()
    with db.transaction() as session:
        counts = purchasing.counts_by_status(session, supplier_id)
        context: dict[str, Any] = {
            "supplier": suppliers.supplier(session, supplier_id),
            "notices": open_notices(session, supplier_id),
            "new": sum(counts.get(status, 0) for status in purchasing.VIEWS["new"]),
            "to_ship": sum(counts.get(status, 0) for status in purchasing.VIEWS["to_ship"]),
            "late": purchasing.late_count(session, supplier_id, clock.now()),
            "shortfalls": open_shortfalls(session, supplier_id),
            "balances": settlement.balances(session, supplier_id),
            "figures": sales(
                session, supplier_id, "supplier", start=today - timedelta(days=29), end=today, group_by="day"
            ),
            "queue": purchasing.for_supplier(
                session, supplier_id, statuses=(*purchasing.VIEWS["new"], *purchasing.VIEWS["to_ship"]), limit=8
            ).items,
            "now": clock.now(),
        }
    return pages.render("home.html", **context)
