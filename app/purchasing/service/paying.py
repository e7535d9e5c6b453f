"""What becomes of an order whose customer pays the retailer later, as its store or its retailer tells: it goes on when
all is paid, and is cancelled when nothing will be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.notifications.service import notify, resolve
from app.orders import service as orders
from app.orders.events import UnitsCancelled
from app.orders.models import Order, OrderHold, OrderLine
from app.orders.rules import CANCELLED, HoldReason
from app.outbox.service import emit
from app.purchasing.models import PurchaseOrder
from app.purchasing.service.asking import cancel_all
from app.purchasing.service.following import is_stale, locked_family
from app.purchasing.service.placing import resume_order, tell_goes_on_authorised
from app.purchasing.service.screening import fraud_window, goes_on_authorised
from app.stores.payment import AWAITED, WITHDRAWN, Payment


@dataclass(slots=True)
class Paid:
    """What a payment did: whether an order goes on by it, and whether it was paid although all of it is cancelled."""

    goes_on: bool = False
    in_vain: bool = False


def follow_payment(session: Session, order_id: UUID, payment: Payment, *, told_at: datetime) -> Paid:
    """Follow what a store says of how far its order is paid, with what it added to it. A word older than the last one
    that was followed says nothing, and the same word again changes nothing."""
    result = Paid()
    family = locked_family(session, order_id)
    if is_stale(family[0], told_at):
        return result
    for order in family:
        if order.unpaid is None or order.unpaid == Payment.LAPSED:
            continue
        if payment is Payment.PAID:
            _paid(session, order, result)
        elif payment in AWAITED and order.unpaid != payment:
            if order.unpaid == WITHDRAWN:
                resolve(session, order.retailer_id, _notice(order))
            order.unpaid = payment
            if _waits(session, order) is None:
                continue
            if goes_on_authorised(session, order.store_id, payment):
                tell_goes_on_authorised(session, order.id, order.retailer_id)
                _go_on(session, order, result)
            else:
                orders.hold(session, order, HoldReason.UNPAID, details={"payment": payment})
    return result


def note_paid(session: Session, retailer_id: UUID, order_id: UUID) -> None:
    """An order's retailer says that its customer has paid. Twice is once. Raises ``NotFound``, and ``Conflict`` for one
    of which its store says that itself; not where the money that was set aside in the store is lost."""
    order = orders.locked(session, order_id)
    if order.retailer_id != retailer_id:
        raise NotFound("order")
    if order.store_updated_at is not None and order.unpaid != WITHDRAWN:
        raise Conflict("Its store says when it is paid.", code="paid_in_store")
    if order.unpaid is None:
        return
    audit.record(session, retailer_id, "orders.paid_by_customer", "order", order_id)
    _paid(session, order, Paid())


@dataclass(slots=True)
class Lapsed:
    """What it did that nothing will be paid for an order: whether what waited is cancelled, and whether money is lost
    on which some of it had gone on."""

    cancelled: bool = False
    withdrawn: bool = False


def follow_lapse(session: Session, order_id: UUID, *, told_at: datetime) -> Lapsed:
    """Nothing will be paid for a store's order any more: what of it waits for that is cancelled. Paid after all, it is
    wanted again: ``app.purchasing.service.following``. Of what had gone on since its money was set aside, the retailer
    is told, and it waits where no supplier has it yet."""
    result, family = Lapsed(), locked_family(session, order_id)
    if is_stale(family[0], told_at):
        return result
    waiting = [order for order in family if _waits(session, order) is not None and order.unpaid != WITHDRAWN]
    for order in family:
        if order in waiting or order.unpaid != Payment.AUTHORIZED or order.status == CANCELLED:
            continue
        _withdrawn(session, order)
        result.withdrawn = True
    if not waiting:
        return result
    result.cancelled = True
    for order in waiting:
        # As if its store had taken these units away: they are added again if it is paid after all.
        told = func.coalesce(OrderLine.store_quantity, OrderLine.quantity)
        left = func.greatest(0, told - OrderLine.quantity + OrderLine.cancelled)
        session.execute(update(OrderLine).where(OrderLine.order_id == order.id).values(store_quantity=left))
        cancel_all(session, order.retailer_id, order.id, origin="store")
        session.refresh(order)
        order.unpaid = Payment.LAPSED
        orders.tell(session, order, "order.payment_lapsed")
    family[0].store_updated_at = told_at
    return result


def _withdrawn(session: Session, order: Order) -> None:
    order.unpaid, order.updated_at = WITHDRAWN, clock.now()
    orders.tell(session, order, "order.payment_withdrawn")
    made = select(PurchaseOrder.id).where(PurchaseOrder.order_id == order.id).limit(1)
    sent = session.scalar(made) is not None
    if not sent:
        orders.hold(session, order, HoldReason.UNPAID, details={"payment": WITHDRAWN})
    notify(
        session,
        order.retailer_id,
        kind="payment_withdrawn",
        severity="critical",
        title=f"The authorised payment of {order.external_name} was withdrawn or has expired",
        body="Its suppliers have it, and you pay them. Ask your customer to pay again, or cancel what has not left."
        if sent
        else "Nothing of it was sent, and it waits. Ask your customer to pay again, send it unpaid, or cancel it.",
        link=f"/app/orders/{order.id}",
        dedupe=_notice(order),
    )


def _notice(order: Order) -> str:
    return f"payment_withdrawn:{order.id}"


def _paid(session: Session, order: Order, result: Paid) -> None:
    if order.unpaid == WITHDRAWN:
        resolve(session, order.retailer_id, _notice(order))
    order.unpaid, order.updated_at = None, clock.now()
    orders.tell(session, order, "order.paid_by_customer")
    session.flush()
    if order.status == CANCELLED:
        result.in_vain = True
    if order.store_id is not None and order.kind == "order":
        # Its customer has paid for what was cancelled meanwhile, too.
        emit(session, UnitsCancelled(order_id=order.id, retailer_id=order.retailer_id))
    if _waits(session, order) is not None:
        _go_on(session, order, result)


def _go_on(session: Session, order: Order, result: Paid) -> None:
    """Nothing is to be paid any more before the order goes on: it waits its moment."""
    for trouble in fraud_window(session, order.store_id if order.store_updated_at else None, clock.now()):
        orders.hold(session, order, trouble.reason, details=dict(trouble.details))
    orders.release(session, order, [HoldReason.UNPAID])
    resume_order(session, order.id)
    result.goes_on = True


def _waits(session: Session, order: Order) -> OrderHold | None:
    """Its open hold for this reason; none of one that was cancelled."""
    if order.status == CANCELLED:
        return None
    return next((one for one in orders.open_holds(session, order.id) if one.reason == HoldReason.UNPAID), None)
