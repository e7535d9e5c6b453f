"""Bank transfers: what has come in and what has gone out, where no processor says so."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app import db
from app.identity.models import Organisation
from app.kit.errors import Invalid
from app.kit.texts import marked as _
from app.orders.models import Order
from app.settlement import queries as settlement
from app.settlement.service import mark_paid_out, mark_received
from app.settlement.service.by_hand import PROCESSOR
from app.web.forms import Sent, problems
from app.web.pages import Nav, Pages, go, page_url

pages = Pages(__name__, nav=Nav(_("Bank transfers"), "transfers", 45, permission="settlement.write"))


@pages.get("/bank-transfers", permission="settlement.write")
def transfers() -> Any:
    """Payments that are waited for, and payouts that are to be made."""
    return _shown()


@pages.post("/bank-transfers/charges/<uuid:charge_id>", permission="settlement.write")
def received(charge_id: UUID) -> Any:
    """A retailer's transfer has come in."""
    return _marked(mark_received, charge_id, done="transfer_received")


@pages.post("/bank-transfers/payouts/<uuid:payout_id>", permission="settlement.write")
def paid_out(payout_id: UUID) -> Any:
    """The transfer to a supplier is made."""
    return _marked(mark_paid_out, payout_id, done="transfer_made")


def _marked(mark: Any, about: UUID, *, done: str) -> Any:
    try:
        sent = Sent()
        # Each form's field has a name, and so an id, of its own.
        reference = sent.text(f"reference-{about}", longest=140, required=True)
        sent.check()
        with db.transaction() as session:
            mark(session, about, reference=reference)
    except Invalid as error:
        return _shown(422, errors=problems(error))
    return go(page_url("bank_transfers.transfers", done=done))


def _shown(status: int = 200, **context: Any) -> Any:
    with db.transaction() as session:
        charges = settlement.charges_waited_for(session, PROCESSOR)
        payouts = settlement.payouts_to_make(session, PROCESSOR)
        found: dict[str, Any] = {
            "charges": [
                (one, session.get_one(Order, one.order_id), session.get_one(Organisation, one.retailer_id))
                for one in charges
            ],
            "payouts": [(one, session.get_one(Organisation, one.supplier_id)) for one in payouts],
        }
    return pages.render("transfers.html", status, **{**found, "errors": {}, **context})
