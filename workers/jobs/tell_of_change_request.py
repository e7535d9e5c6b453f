"""A request to change a purchase order was made, waits too long, or is over: whoever has to know is told, in the app
and by e-mail."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session, selectinload

from app.config import settings
from app.identity.queries import recipients
from app.kit import texts
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email, resolve
from app.purchasing.changes.rules import (
    ACCEPTED,
    ADDRESS,
    NO_ANSWER,
    OPEN,
    PARTLY,
    REFUSED,
    SHIPPED_FIRST,
    WITHDRAWN,
    silence_accepts,
)
from app.purchasing.events import ChangeNotPassedOn, ChangeRequestMoved, ChangeRequestSilent
from app.purchasing.models import ChangeRequest, PurchaseOrder
from app.purchasing.service.passing_on import goes_by_machine
from app.suppliers.queries import supplier
from workers.change_channels import takes_of
from workers.job import Run, job
from workers.telling import HANDLES_ORDERS, told_moment

_WHY = {
    "packed": "it is packed already",
    "shipped": "it has left already",
    "made_to_order": "it is made to order",
    SHIPPED_FIRST: "it left before",
    NO_ANSWER: "no answer came in time",
}


#: Who counts a supplier's silence as its answer.
_CLOCK = "job:watch_change_requests"


@job(queue="letters", on=(ChangeRequestMoved, ChangeRequestSilent, ChangeNotPassedOn))
def tell_of_change_request(run: Run, event: ChangeRequestMoved | ChangeRequestSilent | ChangeNotPassedOn) -> None:
    """See the module. A notice says where the request stands now. Where the supplier's system is asked, its people get
    a letter when that fails, and when no answer has come half way."""
    with run.closing() as session:
        row = session.get_one(ChangeRequest, event.change_request_id, options=[selectinload(ChangeRequest.lines)])
        order = session.get_one(PurchaseOrder, row.purchase_order_id)
        if isinstance(event, ChangeRequestMoved) and event.state != row.state:
            # It has moved on; the later event tells.
            return
        if row.state == OPEN:
            _ask_supplier(session, row, order, event)
            return
        if isinstance(event, ChangeNotPassedOn):
            return
        resolve(session, row.supplier_id, f"change_request:{row.id}")
        if row.state == WITHDRAWN:
            _to_supplier(session, row, f"Purchase order {order.number}: nothing is to be changed", "Go on as ordered.")
        elif row.refusal == NO_ANSWER or (row.state == ACCEPTED and row.answered_by == _CLOCK):
            _to_supplier(session, row, f"Purchase order {order.number}: no answer came in time", _silence(row, order))
        if row.state != WITHDRAWN:
            _tell_retailer(session, row, order)


def _ask_supplier(
    session: Session,
    row: ChangeRequest,
    order: PurchaseOrder,
    event: ChangeRequestMoved | ChangeRequestSilent | ChangeNotPassedOn,
) -> None:
    again = isinstance(event, ChangeRequestSilent)
    by_machine = isinstance(event, ChangeRequestMoved) and goes_by_machine(
        session, row, takes_of(session, row.supplier_id)
    )
    units = sum(line.waiting for line in row.lines)
    what = (
        f"send {order.number} to another address"
        if row.kind == ADDRESS
        else f"stop {texts.counted(units, 'unit', 'units')} of {order.number}"
    )
    title = f"{'Reminder: please' if again else 'Please'} {what}"
    until = told_moment(session, row.supplier_id, row.due_at)
    silence = "it counts as stopped" if _accepts(row, order) else "nothing is changed"
    text = f"{order.retailer_name} asks for it. Answer by {until}; without an answer {silence}."
    notify(
        session,
        row.supplier_id,
        kind="change_request",
        severity="warning",
        title=title,
        body=text,
        link=f"/supplier/purchase-orders/{order.id}",
        dedupe=f"change_request:{row.id}",
    )
    if not by_machine:
        # Told once, whether it is known at once or found out later that people have to be asked.
        which = f"{row.asked_at.timestamp()}:{again}"
        _letter(session, row, row.supplier_id, "purchase_orders.write", title, text, which)


def _tell_retailer(session: Session, row: ChangeRequest, order: PurchaseOrder) -> None:
    name = supplier(session, row.supplier_id).company_name
    granted, asked = sum(line.granted for line in row.lines), sum(line.quantity for line in row.lines)
    why = _WHY.get(row.refusal or "", row.answer or "it gave no reason")
    if row.kind == ADDRESS:
        done = row.state == ACCEPTED
        title = f"{name} {'sends' if done else 'can not send'} {order.number} to the new address"
        text = "The address is changed." if done else f"The address stays as it was: {why}."
    elif row.state == REFUSED:
        title, text = f"{name} can't stop {order.number}", f"It goes on: {why}. Your customer can send it back."
    else:
        title = f"{name} stopped {granted} of {texts.counted(asked, 'unit', 'units')} of {order.number}"
        text = "What you paid for them is refunded." + (f" The rest goes on: {why}." if row.state == PARTLY else "")
    notify(
        session,
        row.retailer_id,
        kind="change_request",
        severity="info",
        title=title,
        body=text,
        link=f"/app/orders/{row.order_id}",
        dedupe=f"change_request:{row.id}",
    )
    _letter(session, row, row.retailer_id, "orders.write", title, text, row.state)


def _to_supplier(session: Session, row: ChangeRequest, title: str, text: str) -> None:
    _letter(session, row, row.supplier_id, "purchase_orders.write", title, text, row.state)


def _silence(row: ChangeRequest, order: PurchaseOrder) -> str:
    if row.state == ACCEPTED:
        return f"What you were asked to stop of {order.number} counts as stopped: send nothing of it."
    return f"{order.number} goes on as it was ordered."


def _accepts(row: ChangeRequest, order: PurchaseOrder) -> bool:
    return silence_accepts(row.kind, packing=order.processing_at is not None)


def _letter(
    session: Session, row: ChangeRequest, organisation_id: UUID, permission: str, title: str, text: str, which: str
) -> None:
    supplier_side = organisation_id == row.supplier_id
    link = f"/supplier/purchase-orders/{row.purchase_order_id}" if supplier_side else f"/app/orders/{row.order_id}"
    queue_email(
        session,
        recipients(session, organisation_id, permission),
        Letter(
            subject=title,
            paragraphs=[text],
            button=(
                "Answer it" if supplier_side and row.state == OPEN else "See the order",
                settings().public_url + link,
            ),
            reason=HANDLES_ORDERS,
        ),
        kind="change_request",
        dedupe=f"change_request:{row.id}:{organisation_id}:{which}",
        organisation_id=organisation_id,
    )
