"""A supplier's placements: where its products are promoted, and how often they were seen and followed."""

from __future__ import annotations

from typing import Any

from app import db
from app.catalog.placements.rules import state_of
from app.catalog.placements.service import days, figures, placements
from app.kit import clock, texts
from app.kit.texts import marked as _
from app.web.auth import principal
from app.web.pages import Nav, Pages
from app.web.ui.rendering import locale

pages = Pages(__name__, nav=Nav(_("Promotion"), "promotion", 65, permission="products.read"))


@pages.get("/promotion", permission="products.read")
def promotion() -> Any:
    """Placements with their figures, and the last thirty days."""
    supplier_id, today = principal().organisation_id, clock.now().date()
    with db.transaction() as session:
        found = placements(session, supplier_id=supplier_id)
        counted = figures(session, [row.id for row, _name, _path in found])
        by_day = days(session, supplier_id)
    rows = [
        {
            "row": row,
            "where": path or f"“{row.words}”",
            "state": state_of(row.starts_on, row.ends_on, today, ended=row.ended_at is not None),
        }
        for row, _name, path in found
    ]
    return pages.render(
        "promotion.html",
        rows=rows,
        figures=counted,
        seen=sum(one.impressions for _day, one in by_day),
        followed=sum(one.clicks for _day, one in by_day),
        points=[(day.isoformat(), one.impressions, texts.number(one.impressions, locale())) for day, one in by_day],
    )
