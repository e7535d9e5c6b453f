"""Where the supplier's categories belong: proposals to confirm or correct, one by one or many at once."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request

from app import db
from app.catalog.categories import queries
from app.catalog.categories.rules import BASES
from app.catalog.categories.service import confirm
from app.catalog.categories.tree import tree
from app.kit.errors import Invalid
from app.kit.ids import parse_id
from app.kit.texts import marked as _
from app.web.auth import principal
from app.web.forms import problems
from app.web.pages import Nav, Pages, go, page_url
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Categories"), "categories", 25, permission="products.read"))
_PAGE = 50
_VIEWS = {
    "to_confirm": _("To confirm"),
    "mapped": _("Found by themselves"),
    "confirmed": _("Confirmed"),
    "all": _("All"),
}
#: From this confidence on a row is ticked beforehand.
_TICKED_FROM = 60


@pages.get("/categories", permission="products.read")
def categories() -> Any:
    """The supplier's categories with the place that is proposed."""
    return _shown()


@pages.get("/categories/search", permission="products.read")
def search() -> Any:
    """Categories of the tree for somebody who types."""
    return jsonify([node.path for node in tree().search(request.args.get("q", "")[:100])])


@pages.post("/categories", permission="products.write")
def save() -> Any:
    """Confirm the ticked ones as they stand in their fields."""
    ticked = [parse_id(name.removeprefix("on-")) for name in request.form if name.startswith("on-")]
    choices = {one: request.form.get(f"to-{one}", "").strip() for one in ticked if one is not None}
    try:
        if not choices:
            raise Invalid(gettext("Tick the categories that you want to confirm."))
        with db.transaction() as session:
            confirm(session, principal().organisation_id, principal().user_id, choices)
    except Invalid as error:
        return _shown(problems(error), error.status)
    return go(page_url("categories.categories", view=request.args.get("view"), done="categories_confirmed"))


def _shown(wrong: dict[str, Any] | None = None, status: int = 200) -> Any:
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        counts = queries.counts_by_state(session, supplier_id)
        view = request.args.get("view", "")
        if view not in _VIEWS:
            view = "to_confirm" if counts.get("to_confirm") else "all"
        page = queries.mappings(
            session,
            supplier_id,
            state=view if view in queries.STATES else None,
            limit=_PAGE,
            cursor=request.args.get("cursor"),
        )
    views = [
        {
            "label": gettext(label),
            "href": page_url("categories.categories", view=name),
            "current": name == view,
            "count": sum(counts.values()) if name == "all" else counts.get(name, 0),
        }
        for name, label in _VIEWS.items()
    ]
    return pages.render(
        "categories.html",
        status,
        rows=page.items,
        next_cursor=page.next_cursor,
        views=views,
        view=view,
        bases=BASES,
        wrong=wrong or {},
        sent=request.form,
        ticked_from=_TICKED_FROM,
        any=bool(counts),
    )
