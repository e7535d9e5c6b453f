"""Joining in: the payout account, how products and orders travel, the first product list and the test order."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import redirect, request

from app import db
from app.catalog import queries as catalog
from app.config import settings
from app.kit.errors import AdapterError, Invalid
from app.settlement import queries as settlement
from app.settlement.service.by_hand import PROCESSOR as BY_HAND
from app.suppliers import queries as suppliers
from app.suppliers.rules.round_trip import checks
from app.suppliers.rules.steps import payout_words
from app.suppliers.service.onboarding import (
    save_connection,
)
from app.suppliers.service.round_trip import place_test_order
from app.web.auth import principal
from app.web.forms import Sent, problems
from app.web.pages import go, page_url
from app.web.portal import payout_account
from app.web.portal.pages.onboarding.frame import frame, note_answered, onwards, pages
from app.web.supplier_words import CONNECTION_WORDS
from app.web.ui.rendering import gettext

#: What a test order is for where the supplier has no products yet.
_SAMPLE_GOODS = (("SAMPLE-1", "Sample article"), ("SAMPLE-2", "Another sample article"))


@pages.get("/onboarding/payout", permission="settings.write")
def payout() -> Any:
    """How the payout account stands, in words."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        account = settlement.payout_account(session, supplier_id)
        context: dict[str, Any] = {
            **frame(session, "payout"),
            "account": account,
            "words": gettext(payout_words(account.capability, account.requirements) if account else payout_words(None)),
            "by_hand": settings().processor == BY_HAND,
        }
    return pages.render("payout.html", **context)


@pages.post("/onboarding/payout", permission="payouts.write")
def open_payout() -> Any:
    """Open the account, or go on with the processor's questions."""
    target = payout_account.open_account(f"{settings().public_url}/supplier/onboarding/payout/back")
    note_answered("payout")
    if target is None:
        return go(page_url("onboarding.payout", done="account_by_hand"))
    return redirect(target, code=303)


@pages.get("/onboarding/payout/back", permission="payouts.write")
def back_from_payout() -> Any:
    """Back from the processor's questions: how the account stands now is asked, not waited for."""
    with suppress(AdapterError):
        payout_account.look_again()
    return go(
        page_url("statements.statements") if request.args.get("to") == "statements" else page_url("onboarding.payout")
    )


@pages.post("/onboarding/payout/refresh", permission="payouts.write")
def refresh_payout() -> Any:
    """Ask the processor again."""
    payout_account.look_again()
    note_answered("payout")
    return go(page_url("onboarding.payout", done="looked_again"))


@pages.get("/onboarding/connection", permission="settings.write")
def connection() -> Any:
    """How products, stock and orders travel."""
    return _connection()


@pages.post("/onboarding/connection", permission="settings.write")
def store_connection() -> Any:
    """Keep the choice."""
    sent = Sent()
    note = sent.text("connection_note", longest=1000)
    try:
        sent.check()
        with db.transaction() as session:
            save_connection(session, principal().organisation_id, request.form.get("connection", ""), note)
    except Invalid as error:
        return _connection(422, problems(error))
    return onwards("connection")


def _connection(status: int = 200, errors: dict[str, Any] | None = None) -> Any:
    with db.transaction() as session:
        application = suppliers.application_of(session, principal().organisation_id)
        values = {"connection": application.connection, "connection_note": application.connection_note}
        context = frame(session, "connection")
    return pages.render(
        "connection.html",
        status,
        sent=request.form if errors else values,
        errors=errors or {},
        ways=[(name, gettext(label), gettext(text)) for name, (label, text) in CONNECTION_WORDS.items()],
        **context,
    )


@pages.get("/onboarding/feed", permission="settings.write")
def feed() -> Any:
    """The first list of products."""
    with db.transaction() as session:
        context = frame(session, "feed")
        by_hand = suppliers.application_of(session, principal().organisation_id).connection == "portal"
    return pages.render("feed.html", by_hand=by_hand, **context)


@pages.get("/onboarding/test-order", permission="settings.write")
def test_order() -> Any:
    """The test order: what was shown, and what is missing."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        order = suppliers.newest_test_order(session, supplier_id)
        way = suppliers.application_of(session, supplier_id).connection
        context: dict[str, Any] = {
            **frame(session, "test_order"),
            "order": order,
            "way": way,
            "checks": [
                {"label": gettext(one.label), "done": one.done, "text": gettext(one.missing) if one.missing else ""}
                for one in (checks(suppliers.trip_of(order), way) if order else ())
            ],
        }
    return pages.render("test_order.html", **context)


@pages.post("/onboarding/test-order", permission="settings.write")
def start_test_order() -> Any:
    """Place one; one that is open ends."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        own = catalog.own_products(session, supplier_id, limit=2).items
        goods = [(variant.sku, product.title) for product in own for variant in product.variants[:1]]
        place_test_order(session, supplier_id, goods or _SAMPLE_GOODS)
    return go(page_url("onboarding.test_order", done="test_order_placed"))
