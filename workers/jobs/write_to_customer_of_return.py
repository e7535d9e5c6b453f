"""A return was decided, has its label, or is credited: the shop's customer is written to, once for each, where the shop
wants it."""

from __future__ import annotations

from sqlalchemy.orm import selectinload

from app.documents.customer_letters import CustomerLetters
from app.documents.sending_back import next_step
from app.orders.models import Order
from app.returns.events import ReturnMoved
from app.returns.models import Return
from app.returns.queries import is_asked_by_shopper
from app.returns.rules import APPROVED, CREDITED, DECLINED, LABEL_SENT, NO_PHOTO
from workers.job import Run, job

_TOLD = (APPROVED, DECLINED, LABEL_SENT, CREDITED)


@job(queue="letters", on=ReturnMoved)
def write_to_customer_of_return(run: Run, event: ReturnMoved) -> None:
    """See the module. A return that has moved on meanwhile is told of by its later event, but for a credit, since
    the refund closes it at once. What was declined is told to whom asked for it: of a return that its shop asked for,
    its customer knows nothing."""
    with run.closing() as session:
        row = session.get_one(Return, event.return_id, options=[selectinload(Return.files)])
        if event.state not in _TOLD or (row.state != event.state and event.state != CREDITED):
            return
        letters = CustomerLetters(session, session.get_one(Order, row.order_id))
        about = f"{row.id}:{event.state}"
        if event.state == DECLINED and not is_asked_by_shopper(session, row.id):
            return
        if event.state == DECLINED:
            letters.refused(about, letters.photo_missing() if row.answer == NO_PHOTO else "")
        elif event.state == CREDITED:
            letters.accepted(about, row.number, kept=row.goods_kept)
        else:
            step = next_step(session, row, letters.shop)
            if step is not None:
                letters.approved(about, step)
