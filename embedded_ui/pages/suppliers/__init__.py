"""Suppliers: on whom one can rely, and what each asks and promises."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import request

from app import db
from app.kit import clock, texts
from app.kit.errors import NotFound
from app.kit.texts import marked as _
from app.listings import queries as listings
from app.purchasing import queries as purchasing
from app.suppliers import queries as suppliers
from app.suppliers.rules import ACTIVE, SUSPENDED
from app.suppliers.rules.scorecards import SCORED_OVER
from app.suppliers.scorecards import card_history, cards
from app.web.auth import principal
from app.web.pages import Nav, Pages
from app.web.scorecard_words import card_facts, measured_on, trend_of
from app.web.supplier_words import REASON_WORDS, RETURN_PAYER_WORDS
from app.web.ui.rendering import gettext, locale

pages = Pages(__name__, nav=Nav(_("Suppliers"), "list_suppliers", 15, permission="catalog.read"))
_PAGE = 50
_RATINGS = ("3.5", "4.0", "4.5")


@pages.get("/suppliers", permission="catalog.read")
def list_suppliers() -> Any:
    """All that sell, the most reliable first."""
    retailer_id = principal().organisation_id
    wanted = request.args.get("min_rating", "")
    wanted = wanted if wanted in _RATINGS else ""
    with db.transaction() as session:
        page = suppliers.active_suppliers(
            session,
            search=request.args.get("search") or None,
            min_rating=Decimal(wanted) if wanted else None,
            best_first=True,
            limit=_PAGE,
            cursor=request.args.get("cursor"),
        )
        context: dict[str, Any] = {
            "found": page.items,
            "next_cursor": page.next_cursor,
            "cards": cards(session, [one.id for one in page.items]),
            "listed": listings.counts_by_supplier(session, retailer_id),
            "waiting": purchasing.open_by_supplier(session, retailer_id),
        }
    return pages.render(
        "list.html",
        min_rating=wanted,
        ratings=[("", gettext(_("Any")))] + [(one, f"{float(one) * 20:.0f}+") for one in _RATINGS],
        country=_country,
        narrowed=bool(wanted or request.args.get("search")),
        **context,
    )


@pages.get("/suppliers/<uuid:supplier_id>", permission="catalog.read")
def detail(supplier_id: UUID) -> Any:
    """One supplier: its figures, what sending costs, when it is closed, how it takes goods back."""
    retailer_id = principal().organisation_id
    with db.transaction() as session:
        found = suppliers.supplier(session, supplier_id)
        listed = listings.counts_by_supplier(session, retailer_id).get(supplier_id, 0)
        waiting = purchasing.open_by_supplier(session, retailer_id).get(supplier_id, 0)
        if found.status != ACTIVE and not (found.status == SUSPENDED and (listed or waiting)):
            raise NotFound("supplier")
        card = cards(session, [supplier_id]).get(supplier_id)
        policy = suppliers.return_policy(session, supplier_id)
        context: dict[str, Any] = {
            "supplier": found,
            "card": card,
            "history": card_history(session, supplier_id, clock.now().date() - timedelta(days=SCORED_OVER)),
            "rates": suppliers.rates_of(session, [supplier_id])[supplier_id],
            "closures": suppliers.closures(session, supplier_id),
            "policy": policy,
            "listed": listed,
            "waiting": waiting,
        }
    context["trend"] = trend_of(context.pop("history"))
    return pages.render(
        "detail.html",
        selling=found.status == ACTIVE,
        facts=card_facts(card),
        measured=measured_on(card) if card and card.score is not None else None,
        payers=[
            (gettext(REASON_WORDS[reason]), gettext(RETURN_PAYER_WORDS[payer]))
            for reason, payer in policy.payers.items()
        ]
        if policy
        else [],
        country=_country,
        **context,
    )


def _country(code: str) -> str:
    return gettext(_("All others")) if code == "*" else texts.country(code, locale())
