"""Which of its products a supplier looks for, as the list's address tells it."""

from __future__ import annotations

from collections.abc import Mapping

from app.catalog.assortment.queries import PROBLEMS, SORTS, OwnFilter, Sort
from app.kit.ids import parse_id
from app.kit.texts import marked as _
from app.web.ui.rendering import gettext

STATUS_LABELS: Mapping[str, str] = {"active": _("On offer"), "draft": _("Draft"), "ended": _("Ended")}
SORT_LABELS: Mapping[Sort, str] = {
    "changed": _("Changed last"),
    "title": _("By title"),
    "price_asc": _("Cheapest first"),
    "price_desc": _("Dearest first"),
}
#: The names under which addresses hold a filter.
NAMES = ("search", "status", "category", "stock", "problem", "sort")
_STOCK = {"in": True, "out": False}


def asked(values: Mapping[str, str]) -> OwnFilter:
    """What the values of an address ask for; what they can't mean is left out."""
    status, problem, sort = values.get("status", ""), values.get("problem", ""), values.get("sort", "")
    return OwnFilter(
        search=values.get("search", "")[:200].replace("\x00", ""),
        status=status if status in STATUS_LABELS else "",
        category_id=parse_id(values.get("category", "")),
        in_stock=_STOCK.get(values.get("stock", "")),
        problem=problem if problem in PROBLEMS or problem == "any" else "",
        sort=sort if sort in SORTS else "changed",
    )


def problem_names() -> dict[str, str]:
    """What a product may lack, in words."""
    return {key: gettext(text) for key, text in PROBLEMS.items()}
