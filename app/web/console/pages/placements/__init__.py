"""Placements of promoted products: granted, looked after and ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import db
from app.catalog.models import Placement
from app.catalog.placements.rules import MOST_WEIGHT, state_of
from app.catalog.placements.service import NewPlacement, end, figures, grant, placements
from app.catalog.queries import categories
from app.kit import clock
from app.kit.errors import Invalid
from app.kit.ids import parse_id
from app.kit.texts import marked as _
from app.suppliers.models import Supplier
from app.suppliers.rules import ACTIVE
from app.web.forms import Sent, problems
from app.web.pages import Nav, Pages, go, page_url
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Placements"), "list_placements", 25))


@pages.get("/placements")
def list_placements() -> Any:
    """All of them with their figures, and a form for the next."""
    return _shown()


def _shown(wrong: dict[str, Any] | None = None, status: int = 200) -> Any:
    today = clock.now().date()
    with db.transaction() as session:
        found = placements(session)
        counted = figures(session, [row.id for row, _name, _path in found])
        context: dict[str, Any] = {
            "rows": [
                {"row": row, "supplier": name, "where": path or f"“{row.words}”", "state": _state(row)}
                for row, name, path in found
            ],
            "figures": counted,
            "suppliers": _suppliers(session),
            "categories": [one.path for one in categories(session)],
        }
    values = {"weight": 10, "starts_on": today.isoformat(), "ends_on": (today + timedelta(days=29)).isoformat()}
    return pages.render("placements.html", status, values={**values, **request.form}, wrong=wrong or {}, **context)


def _state(row: Placement) -> str:
    return state_of(row.starts_on, row.ends_on, clock.now().date(), ended=row.ended_at is not None)


def _suppliers(session: Session) -> list[tuple[str, str]]:
    found = session.execute(
        select(Supplier.id, Supplier.company_name).where(Supplier.status == ACTIVE).order_by(Supplier.company_name)
    )
    return [("", gettext(_("Choose"))), *((str(row_id), name) for row_id, name in found)]


@pages.post("/placements", permission="suppliers.approve")
def add() -> Any:
    """Grant one."""
    sent = Sent()
    supplier_id = parse_id(sent.text("supplier_id", longest=36))
    if supplier_id is None:
        sent.refuse("supplier_id", "required", gettext(_("Choose a supplier.")))
    starts, ends = sent.day("starts_on", required=True), sent.day("ends_on", required=True)
    weight = sent.whole("weight", 1, MOST_WEIGHT)
    category, words = sent.text("category", longest=500), sent.text("words", longest=200)
    try:
        sent.check()
        assert supplier_id is not None and starts is not None and ends is not None
        with db.transaction() as session:
            grant(
                session,
                NewPlacement(
                    supplier_id=supplier_id,
                    category=category,
                    words=words,
                    weight=weight,
                    starts_on=starts,
                    ends_on=ends,
                ),
            )
    except Invalid as error:
        return _shown(problems(error), error.status)
    return go(page_url("placements.list_placements", done="placement_granted"))


@pages.post("/placements/<uuid:placement_id>/end", permission="suppliers.approve")
def stop(placement_id: UUID) -> Any:
    """End one before its time."""
    with db.transaction() as session:
        end(session, placement_id)
    return go(page_url("placements.list_placements", done="placement_ended"))
