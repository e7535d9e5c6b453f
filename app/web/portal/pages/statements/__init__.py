"""What a supplier earned, what is held, and what was paid."""

from __future__ import annotations

from typing import Any

from flask import redirect

from app import db
from app.adapters import registries
from app.config import settings
from app.fulfillment.models import Shipment
from app.identity.models import Organisation
from app.identity.queries import recipients
from app.kit.texts import marked as _
from app.purchasing.models import PurchaseOrder
from app.settlement import queries as settlement
from app.settlement.service import record_account
from app.settlement.service.by_hand import PROCESSOR as BY_HAND
from app.web.auth import principal
from app.web.pages import Nav, Pages, go, page_url

pages = Pages(__name__, nav=Nav(_("Statements"), "statements", 40, permission="statements.read"))


@pages.get("/statements", permission="statements.read")
def statements() -> Any:
    """Balances, earnings by parcel, payouts."""
    supplier_id = principal().organisation_id
    with db.transaction() as session:
        earnings = settlement.earnings_of(session, supplier_id)
        context: dict[str, Any] = {
            "account": settlement.payout_account(session, supplier_id),
            "by_hand": settings().processor == BY_HAND,
            "balances": settlement.balances(session, supplier_id),
            "earnings": [
                (one, session.get_one(PurchaseOrder, one.purchase_order_id), session.get_one(Shipment, one.shipment_id))
                for one in earnings
            ],
            "payouts": settlement.payouts_of(session, supplier_id),
        }
    return pages.render("statements.html", **context)


@pages.post("/statements/account", permission="payouts.write")
def open_account() -> Any:
    """Open the payout account, or go on with the processor's questions."""
    who = principal()
    processor = registries.processors.get(settings().processor)
    with db.system_scope(actor=who.actor), db.transaction() as session:
        account = settlement.payout_account(session, who.organisation_id)
        organisation = session.get_one(Organisation, who.organisation_id)
        emails = recipients(session, who.organisation_id, "payouts.write")
        country, currency = organisation.country, organisation.currency
    reference = account.account_ref if account else None
    if reference is None:
        made = processor.create_account(
            reference=str(who.organisation_id),
            name=who.organisation_name,
            email=emails[0] if emails else "",
            country=country,
            currency=currency,
            key=f"account:{who.organisation_id}",
        )
        with db.transaction() as session:
            record_account(session, who.organisation_id, processor.name, made)
        reference = made.account_ref
    if processor.name == BY_HAND:
        return go(page_url("statements.statements", done="account_by_hand"))
    page = f"{settings().public_url}/supplier/statements"
    return redirect(processor.onboarding_url(account_ref=reference, return_url=page, refresh_url=page), code=303)
