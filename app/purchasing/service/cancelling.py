"""Cancelling: before payment everything can go; afterwards what has not shipped, while its supplier has not
accepted it."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.inventory.service import expire, release, units_set_aside
from app.kit.errors import Conflict, NotFound
from app.orders import service as orders
from app.orders.events import OrderLapsed
from app.orders.models import Order, OrderLine
from app.orders.rules import HoldReason
from app.outbox.service import emit
from app.purchasing.decisions.service import withdraw_between
from app.purchasing.events import LinesWithdrawn, ids_of
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.service.status import locked_of_order, refresh_order_status, refresh_status


def cancel_order_line(session: Session, retailer_id: UUID, order_id: UUID, line_id: UUID) -> Order:
    """Cancel what is open of one line. Raises ``Conflict`` once its supplier has accepted it."""
    order = orders.locked(session, order_id)
    line = session.scalar(
        select(OrderLine).where(
            OrderLine.id == line_id, OrderLine.order_id == order_id, OrderLine.retailer_id == retailer_id
        )
    )
    if line is None or order.retailer_id != retailer_id:
        raise NotFound("order line")
    _cancel(session, order, [line])
    return order


def cancel_order(session: Session, order_id: UUID, *, only_open: bool = False) -> Order:
    """Cancel an order. With ``only_open``, what can no longer be cancelled stays; else it is a ``Conflict``."""
    order = orders.locked(session, order_id)
    lines = list(session.scalars(select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)))
    lines = [line for line in lines if line.quantity > line.cancelled]
    if only_open:
        answered = _answered(session, order_id)
        lines = [line for line in lines if line.id not in answered]
    if lines:
        _cancel(session, order, lines)
    return order


def let_go_unpaid(session: Session, order_ids: list[UUID]) -> None:
    """Unpaid orders whose time is over give their stock back.

    One that only waited to be paid is cancelled, so that a card saved much later does not buy what its shopper no
    longer expects. One that waits for something else (an address, other stock) stays on hold; it takes its units again
    when it goes on. One that was paid meanwhile keeps everything.
    """
    for order_id in order_ids:
        order = orders.locked(session, order_id)
        purchase_orders = locked_of_order(session, order_id)
        if any(one.released_at is not None for one in purchase_orders):
            continue
        lines = session.scalars(
            select(OrderLine)
            .where(OrderLine.order_id == order_id, OrderLine.cancelled < OrderLine.quantity)
            .order_by(OrderLine.position)
        ).all()
        aside = units_set_aside(session, [line.id for line in lines])
        if not aside:
            continue
        orders.tell(session, order, "stock.let_go")
        expire(session, aside, reference=f"order:{order_id}")
        if purchase_orders:
            _cancel(session, order, list(lines))
            emit(session, OrderLapsed(order_id=order_id, retailer_id=order.retailer_id))


def _cancel(session: Session, order: Order, lines: list[OrderLine]) -> None:
    answered = _answered(session, order.id)
    if any(line.id in answered for line in lines):
        raise Conflict("The supplier has accepted it already.", code="already_accepted")
    purchase_orders = locked_of_order(session, order.id)
    po_lines: defaultdict[UUID, list[tuple[PurchaseOrder, PurchaseOrderLine]]] = defaultdict(list)
    for one in purchase_orders:
        for row in one.lines:
            po_lines[row.order_line_id].append((one, row))
    aside = units_set_aside(session, [line.id for line in lines])
    withdrawn: dict[UUID, int] = {}
    for line in lines:
        own = {whose: units for whose, units in aside.items() if whose.order_line_id == line.id}
        release(session, own, reference=f"order:{order.id}")
        for purchase_order, row in po_lines[line.id]:
            units = row.quantity - row.cancelled
            if units:
                row.cancelled += units
                withdrawn[purchase_order.id] = withdrawn.get(purchase_order.id, 0) + units * row.wholesale_price
        if line.quantity > line.cancelled:
            orders.cancel_units(session, order, line, line.quantity - line.cancelled)
    session.flush()
    withdraw_between(session, order, dict.fromkeys(line.id for line in lines))
    for purchase_order in purchase_orders:
        goods = withdrawn.get(purchase_order.id)
        if goods is None:
            continue
        refresh_status(session, purchase_order)
        cancelled = sum(row.cancelled for row in purchase_order.lines)
        emit(
            session,
            LinesWithdrawn(
                **ids_of(purchase_order),
                cause=f"cancelled:{cancelled}",
                goods=goods,
            ),
        )
    if order.status == "CANCELLED":
        orders.release(session, order, list(HoldReason))
        order.status = "CANCELLED"
    else:
        refresh_order_status(session, order)
    audit.record(session, order.retailer_id, "orders.cancelled", "order", order.id)


def _answered(session: Session, order_id: UUID) -> set[UUID]:
    """Order lines that their suppliers have accepted, or begun to pack or ship."""
    return set(
        session.scalars(
            select(PurchaseOrderLine.order_line_id)
            .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.purchase_order_id)
            .where(
                PurchaseOrder.order_id == order_id,
                (PurchaseOrderLine.answer.in_(("accepted", "backordered")))
                | (PurchaseOrderLine.shipped > 0)
                | PurchaseOrder.processing_at.is_not(None),
            )
        )
    )
