"""Breaks: where two accounts of the same money differ, and what people know of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.kit.errors import Invalid
from app.kit.texts import marked as _
from app.settlement.service.reconciling import break_of, breaks_in, explain
from app.web.forms import Sent, problems
from app.web.pages import Nav, Pages, go, page_url
from app.web.ui.rendering import gettext
from app.web.ui.statuses import shown

pages = Pages(__name__, nav=Nav(_("Reconciliation"), "breaks", 50))
_STATES = ("OPEN", "EXPLAINED")


@pages.get("/reconciliation")
def breaks() -> Any:
    """Open breaks, or those that somebody explained; the largest first."""
    state = request.args.get("state", "OPEN")
    state = state if state in _STATES else "OPEN"
    with db.transaction() as session:
        found = sorted(breaks_in(session, state), key=lambda one: -abs(one.amount))
    views = [
        {
            "label": gettext(shown("break", name).label),
            "href": page_url("reconciliation.breaks", state=name),
            "current": name == state,
        }
        for name in _STATES
    ]
    return pages.render("breaks.html", found=found, views=views)


@pages.get("/reconciliation/<uuid:break_id>")
def detail(break_id: UUID) -> Any:
    """One break, with what was compared."""
    return _shown(break_id)


@pages.post("/reconciliation/<uuid:break_id>/explain", permission="reconciliation.write")
def explanation(break_id: UUID) -> Any:
    """Say why a difference is all right; it leaves the list until its amount changes."""
    try:
        sent = Sent()
        note = sent.text("note", longest=2000, required=True)
        sent.check()
        with db.transaction() as session:
            explain(session, break_id, note=note)
    except Invalid as error:
        return _shown(break_id, 422, errors=problems(error))
    return go(page_url("reconciliation.breaks", done="explained"))


def _shown(break_id: UUID, status: int = 200, **context: Any) -> Any:
    with db.transaction() as session:
        found = break_of(session, break_id)
    return pages.render("detail.html", status, **{"found": found, "errors": {}, **context})
