"""A return moved on: the other side is told, in the app and by e-mail, and whoever has to act next."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session, selectinload

from app.exceptions.service import show_anew
from app.kit.money import Money
from app.notifications.service import resolve
from app.returns.events import ReturnMoved
from app.returns.models import Return
from app.returns.rules import (
    APPROVED,
    CANCELLED,
    CLOSED,
    CREDITED,
    DECLINED,
    EXPIRED,
    IN_TRANSIT,
    LABEL_SENT,
    RECEIVED,
    REQUESTED,
)
from app.returns.service.labelling import tell_unused
from workers.job import Run, job
from workers.telling import HANDLES_ORDERS, tell, told_moment

_TO_SUPPLIER = (REQUESTED, IN_TRANSIT, CANCELLED)
_TO_RETAILER = (APPROVED, DECLINED, LABEL_SENT, RECEIVED, CREDITED, EXPIRED, CLOSED)


@job(queue="letters", on=ReturnMoved)
def tell_of_return(run: Run, event: ReturnMoved) -> None:
    """See the module. A notice shows where the return stands now; each state has one letter."""
    with run.closing() as session:
        row = session.get_one(Return, event.return_id, options=[selectinload(Return.memo), selectinload(Return.files)])
        if row.state != event.state:
            # It has moved on; the later event tells.
            return
        show_anew(session, "return", row.id)
        if row.state in (CANCELLED, EXPIRED):
            tell_unused(session, row)
        title, text = _words(session, row)
        if row.state in _TO_SUPPLIER:
            _tell(session, row, row.supplier_id, "/supplier", title, text, acts=row.state == REQUESTED)
        else:
            resolve(session, row.supplier_id, f"return:{row.id}")
        if row.state in _TO_RETAILER and title:
            _tell(session, row, row.retailer_id, "/app", title, text, acts=row.state in (APPROVED, LABEL_SENT))
        else:
            resolve(session, row.retailer_id, f"return:{row.id}")


def _words(session: Session, row: Return) -> tuple[str, str]:
    reader = row.supplier_id if row.state in _TO_SUPPLIER else row.retailer_id
    until = told_moment(session, reader, row.due_at) if row.due_at else ""
    memo = row.memo
    amount = Money(memo.goods - memo.restocking, memo.currency) if memo is not None else None
    return {
        REQUESTED: (
            f"Return {row.number}: decide by {until}",
            "A retailer asks to send goods back. Without an answer it is "
            + ("declined, as long as no photo comes." if row.lacks_photo else "approved."),
        ),
        IN_TRANSIT: (f"Return {row.number} is on its way to you", f"{row.carrier}: {row.tracking_number}."),
        CANCELLED: (f"Return {row.number} was withdrawn", "Nothing comes back."),
        APPROVED: (
            f"Return {row.number} is approved",
            {
                "supplier": "The supplier pays for the way back and sends a label, which your customer gets at once.",
                "retailer": f"You pay for the way back: buy a label. The goods should leave by {until}.",
            }.get(row.payer, f"Let your customer send the goods by {until}, and enter the tracking number."),
        ),
        LABEL_SENT: (
            f"The label for return {row.number} is there",
            f"Your customer finds it on the page of the order. The goods should leave by {until}.",
        ),
        DECLINED: (f"Return {row.number} was declined", row.answer),
        RECEIVED: (f"Return {row.number} came in", f"The supplier checks it by {until}; after that it is credited."),
        CREDITED: (f"Return {row.number} is credited", f"{amount} goes back to your card."),
        EXPIRED: (
            f"Return {row.number} ran out",
            "The goods were not sent in time. Ask anew if they will be.",
        ),
        CLOSED: (
            f"Return {row.number} is done",
            f"{Money(memo.refund_amount or 0, memo.refund_currency or memo.currency)} was refunded to your card."
            if memo is not None
            else row.answer,
        ),
    }.get(row.state, ("", ""))


def _tell(
    session: Session, row: Return, organisation_id: UUID, area: str, title: str, text: str, *, acts: bool
) -> None:
    link = f"{area}/returns/{row.id}"
    permission = "orders.write" if area == "/app" else "purchase_orders.write"
    tell(
        session,
        organisation_id,
        permission,
        kind="return",
        severity="warning" if acts else "info",
        title=title,
        body=text,
        link=link,
        button="See the return",
        reason=HANDLES_ORDERS,
        dedupe=f"return:{row.id}",
        letter_dedupe=f"return:{row.id}:{row.state}",
    )
