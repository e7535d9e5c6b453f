"""How a supplier is judged: its score, each measure with its goal, and the orders behind what went wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import request

from app import db
from app.adapters import registries
from app.insights.reliability import missed_by
from app.kit import clock
from app.kit.errors import NotFound
from app.kit.texts import marked as _
from app.suppliers.queries import supplier
from app.suppliers.rules.scorecards import (
    ANSWER_HOURS,
    MEASURES,
    PRIOR,
    SCORED_OVER,
    SENT_DAYS,
    WARN_BELOW,
)
from app.suppliers.scorecards import own_history, own_scorecard
from app.web.auth import principal
from app.web.pages import Nav, Pages
from app.web.scorecard_words import (
    MEASURE_WORDS,
    days_in_words,
    hours_in_words,
    orders_to_go,
    rows_of,
    trend_of,
    window,
)
from app.web.ui.rendering import gettext

pages = Pages(__name__, nav=Nav(_("Performance"), "performance", 45, permission="purchase_orders.read"))
_PAGE = 50
_FURTHEST = 5_000


@pages.get("/performance", permission="purchase_orders.read")
def performance() -> Any:
    """The score with what each measure brings, and its course."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        card = own_scorecard(session, supplier_id)
        history = own_history(session, supplier_id, clock.now().date() - timedelta(days=SCORED_OVER))
        seller = supplier(session, supplier_id)
    rows = rows_of(card) if card else []
    return pages.render(
        "performance.html",
        card=card,
        supplier=seller,
        rows=rows,
        below=[one for one in rows if one.standing == "below"] if card and not orders_to_go(card) else [],
        to_go=orders_to_go(card),
        trend=trend_of(history),
        warn_below=WARN_BELOW,
        prior=PRIOR,
        to_ship=_spread(card, SENT_DAYS, days_in_words),
        to_answer=_spread(card, ANSWER_HOURS, hours_in_words),
    )


@pages.get("/performance/<path:measure>", permission="purchase_orders.read")
def behind(measure: str) -> Any:
    """The orders that a measure counts against the supplier."""
    if measure not in MEASURES:
        raise NotFound("page")
    supplier_id = principal().organisation_id
    skipped = _skipped(request.args.get("after"))
    scanning = registries.scanning_carriers()
    with db.transaction() as session:
        card = own_scorecard(session, supplier_id)
        found, count = (
            missed_by(
                session,
                supplier_id,
                measure,
                first=window(card)[0],
                last=window(card)[1],
                scanning=scanning,
                limit=_PAGE,
                skipped=skipped,
            )
            if card
            else ((), 0)
        )
    label, how, advice = (gettext(text) for text in MEASURE_WORDS[measure])
    return pages.render(
        "behind.html",
        measure=measure,
        label=label,
        how=how,
        advice=advice,
        found=found,
        count=count,
        row=next((one for one in rows_of(card) if one.name == measure), None) if card else None,
        onward=skipped + _PAGE if skipped + _PAGE < count else None,
        back=skipped > 0,
    )


def _spread(card: Any, name: str, words: Any) -> tuple[str, str] | None:
    """Half and nine of ten, in words."""
    if card is None or name not in card.spreads:
        return None
    half, most, _cases = card.spreads[name]
    return words(half), words(most)


def _skipped(text: str | None) -> int:
    return min(int(text), _FURTHEST) if text and text.isascii() and text.isdigit() and len(text) < 6 else 0
