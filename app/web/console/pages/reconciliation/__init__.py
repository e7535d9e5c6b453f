"""Breaks: where two accounts of the same money differ."""

from __future__ import annotations

from typing import Any

from app import db
from app.kit.texts import marked as _
from app.settlement.service.reconciling import open_breaks
from app.web.pages import Nav, Pages

pages = Pages(__name__, nav=Nav(_("Reconciliation"), "breaks", 50))


@pages.get("/reconciliation")
def breaks() -> Any:
    """Open breaks, the largest first."""
    with db.transaction() as session:
        found = sorted(open_breaks(session), key=lambda one: -abs(one.amount))
    return pages.render("breaks.html", found=found)
