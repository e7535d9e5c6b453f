"""What a supplier earned, what is held, and what was paid."""

from __future__ import annotations

from typing import Any

from flask import redirect
from sqlalchemy.orm import Session

from app import db
from app.config import settings
from app.fulfillment.models import Shipment
from app.kit.texts import marked as _
from app.purchasing.models import PurchaseOrder
from app.returns.models import CreditMemo
from app.settlement import queries as settlement
from app.settlement.models import Earning
from app.settlement.service.by_hand import PROCESSOR as BY_HAND
from app.web.auth import principal
from app.web.pages import Nav, Pages, go, page_url
from app.web.portal import payout_account

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
                (one, session.get_one(PurchaseOrder, one.purchase_order_id), *_cause(session, one)) for one in earnings
            ],
            "payouts": settlement.payouts_of(session, supplier_id),
        }
    return pages.render("statements.html", **context)


def _cause(session: Session, earning: Earning) -> tuple[Shipment | None, CreditMemo | None]:
    """The parcel that was earned by, or the credit memo that takes back."""
    first = session.get_one(Earning, earning.reverses_id) if earning.reverses_id else earning
    parcel = session.get(Shipment, first.shipment_id) if first.shipment_id else None
    return parcel, session.get(CreditMemo, earning.credit_memo_id) if earning.credit_memo_id else None


@pages.post("/statements/account", permission="payouts.write")
def open_account() -> Any:
    """Open the payout account, or go on with the processor's questions."""
    target = payout_account.open_account(f"{settings().public_url}/supplier/onboarding/payout/back?to=statements")
    if target is None:
        return go(page_url("statements.statements", done="account_by_hand"))
    return redirect(target, code=303)
