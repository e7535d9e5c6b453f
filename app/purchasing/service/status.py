"""Keeping purchase orders' statuses what their lines say."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.kit import clock
from app.kit.errors import Conflict
from app.orders.models import Order
from app.orders.rules import BACKORDERED, CANCELLED, ON_HOLD, PENDING, order_status
from app.orders.service import open_holds
from app.outbox.service import emit
from app.purchasing.decisions.queries import in_between
from app.purchasing.decisions.rules import WAITING
from app.purchasing.events import BackorderOver, PurchaseOrderChanged, ids_of
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.rules import LineCounts, may_move, purchase_order_status


def counts(line: PurchaseOrderLine) -> LineCounts:
    """A line's counts as a plain value."""
    return LineCounts(
        quantity=line.quantity,
        shipped=line.shipped,
        delivered=line.delivered,
        cancelled=line.cancelled,
        returned=line.returned,
        answer=line.answer,
        at_once=line.at_once,
    )


def note_leaving(line: PurchaseOrderLine, announced: int) -> None:
    """Units of a line have left, as it says itself, and ``announced`` ones are about to: so they are accepted. What its
    supplier promised for a later day is so still, as far as it is not among them."""
    going = line.shipped + announced
    if line.answer == "backordered" and max(line.at_once, going) + line.cancelled < line.quantity:
        line.at_once = max(line.at_once, going) if announced else line.at_once
    else:
        line.answer, line.at_once, line.available_on = "accepted", 0, None


def refresh_status(
    session: Session, purchase_order: PurchaseOrder, *, held: bool = False, undone: bool = False
) -> None:
    """Derive the status anew after its lines or its release changed; ``undone``: because something said of a parcel was
    not so. Raises ``Conflict`` for a forbidden move."""
    status = purchase_order_status(
        [counts(line) for line in purchase_order.lines],
        released=purchase_order.released_at is not None,
        held=held,
        processing=purchase_order.processing_at is not None,
    )
    purchase_order.updated_at = clock.now()
    ids, lines = ids_of(purchase_order), purchase_order.lines
    if any(line.backordered_at for line in lines) and not any(counts(line).later for line in lines):
        emit(session, BackorderOver(**ids))
    if status == purchase_order.status:
        return
    if not may_move(purchase_order.status, status, undone=undone):
        raise Conflict(
            f"A purchase order that is {purchase_order.status} can't become {status}.",
            code="move_not_allowed",
        )
    purchase_order.status = status
    session.flush()
    emit(session, PurchaseOrderChanged(**ids, status=status))


def refresh_order_status(
    session: Session, order: Order, purchase_orders: Sequence[PurchaseOrder] | None = None
) -> None:
    """Derive an order's status anew from its purchase orders and holds; the order is locked by the caller, and so are
    all its ``purchase_orders`` where they are given."""
    statuses = (
        session.scalars(select(PurchaseOrder.status).where(PurchaseOrder.order_id == order.id)).all()
        if purchase_orders is None
        else [one.status for one in purchase_orders]
    )
    if CANCELLED in statuses:
        # What nobody delivers may still find another supplier.
        statuses = [*statuses, *(_status_of(one.state) for one in in_between(session, order.id))]
    cancelled = not statuses and order.status == CANCELLED
    # Nothing holds an order that is PENDING.
    held = order.status != PENDING and bool(open_holds(session, order.id))
    status = order_status(statuses, held=held, cancelled=cancelled)
    if status != order.status:
        order.status = status
        order.updated_at = clock.now()


def _status_of(decision: str) -> str:
    return BACKORDERED if decision == WAITING else ON_HOLD


def mark_held(session: Session, order_id: UUID, *, held: bool) -> None:
    """Show an unpaid order's purchase orders as on hold, or no longer."""
    for purchase_order in locked_of_order(session, order_id):
        if purchase_order.released_at is None:
            refresh_status(session, purchase_order, held=held)


def locked_of_order(session: Session, order_id: UUID) -> Sequence[PurchaseOrder]:
    """An order's purchase orders with their lines, locked in the order of their ids."""
    return session.scalars(
        select(PurchaseOrder)
        .where(PurchaseOrder.order_id == order_id)
        .options(selectinload(PurchaseOrder.lines))
        .order_by(PurchaseOrder.id)
        .with_for_update(of=PurchaseOrder)
        .execution_options(populate_existing=True)
    ).all()
