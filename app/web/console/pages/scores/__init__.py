"""Scorecards of all suppliers, the lowest first."""

from __future__ import annotations

from typing import Any, get_args

from flask import request

from app import db
from app.kit.texts import marked as _
from app.suppliers.rules.scorecards import SCORED_OVER, WARN_BELOW, Tally, share_of
from app.suppliers.scorecards import Order, ranked
from app.suppliers.service.scoring import below_goal
from app.web.pages import Nav, Pages, page_url
from app.web.scorecard_words import MEASURE_WORDS
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Scorecards"), "scores", 15))
_ORDERS: dict[Order, str] = {"lowest": _("Lowest first"), "highest": _("Highest first"), "name": _("By name")}
#: Measures that the table has columns of.
_SHOWN = ("sent", "kept", "answered")


@pages.get("/scores")
def scores() -> Any:
    """Scores with the heaviest measures, and what is below its goal."""
    order: Order = next((one for one in get_args(Order) if one == request.args.get("order")), "lowest")
    with db.transaction() as session:
        page = ranked(session, order, cursor=request.args.get("cursor"))
    found = [
        (
            supplier,
            card,
            [_share(card.measures, name) if card else None for name in _SHOWN],
            len(below_goal(card)) if card else 0,
        )
        for supplier, card in page.items
    ]
    return pages.render(
        "scores.html",
        found=found,
        next_cursor=page.next_cursor,
        columns=[gettext(MEASURE_WORDS[name][0]) for name in _SHOWN],
        warn_below=WARN_BELOW,
        views=[
            {"label": gettext(label), "href": page_url("scores.scores", order=name), "current": name == order}
            for name, label in _ORDERS.items()
        ],
    )


def _share(measures: dict[str, Any], name: str) -> int | None:
    one = measures[str(SCORED_OVER)].get(name, {})
    share = share_of(Tally(one.get("met", 0), one.get("counted", 0)))
    return None if share is None else share // 10 * 10
