"""Reads of refunds in stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from app.kit.errors import NotFound
from app.kit.money import Money
from app.orders.models import Order, OrderLine
from app.purchasing.models import PurchaseOrderLine
from app.returns.models import CreditMemo, CreditMemoLine, ReturnLine
from app.store_refunds.models import StoreRefund, StoreRefundLine
from app.store_refunds.rules import LineFacts
from app.stores.models import Store


def of_order(session: Session, order_id: UUID) -> Sequence[StoreRefund]:
    """An order's refunds, the oldest first."""
    return session.scalars(
        select(StoreRefund)
        .where(StoreRefund.order_id == order_id)
        .order_by(StoreRefund.id)
        .options(selectinload(StoreRefund.lines))
    ).all()


def one_refund(session: Session, retailer_id: UUID, store_refund_id: UUID) -> StoreRefund:
    """One of a retailer's. Raises ``NotFound``."""
    found = session.scalar(
        select(StoreRefund)
        .where(StoreRefund.id == store_refund_id, StoreRefund.retailer_id == retailer_id)
        .options(selectinload(StoreRefund.lines))
    )
    if found is None:
        raise NotFound("refund")
    return found


def store_of(session: Session, order: Order) -> Store | None:
    """The store whose customer paid for the order; None where nobody did."""
    if order.kind != "order" or order.store_id is None:
        return None
    return session.get_one(Store, order.store_id)


def lines_of(session: Session, order_id: UUID) -> dict[OrderLine, LineFacts]:
    """What is known of each line of an order."""
    settled, units = func.sum(StoreRefundLine.owed), func.sum(StoreRefundLine.units)
    known = {
        line_id: (int(owed), int(all_units))
        for line_id, owed, all_units in session.execute(
            select(StoreRefundLine.order_line_id, settled, units)
            .join(OrderLine, OrderLine.id == StoreRefundLine.order_line_id)
            .where(OrderLine.order_id == order_id)
            .group_by(StoreRefundLine.order_line_id)
        )
    }
    lines = session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position)
        .execution_options(populate_existing=True)
    )
    found = {}
    for line in lines:
        owed, all_units = known.get(line.id, (0, 0))
        found[line] = LineFacts(
            sold=line.quantity,
            cancelled=line.cancelled,
            gone=0 if line.store_quantity is None else max(0, line.quantity - line.store_quantity),
            settled=owed,
            others=all_units - owed,
        )
    return found


def owed(session: Session, order_id: UUID) -> dict[OrderLine, int]:
    """Units that will not come and for which the store's customer has paid."""
    return {line: facts.owed for line, facts in lines_of(session, order_id).items() if facts.owed}


def owed_for_return(session: Session, return_id: UUID) -> dict[OrderLine, int]:
    """Units of a credited return for which the store's customer has not got its money back, in units of the order."""
    refunded = {
        line_id: int(units)
        for line_id, units in session.execute(
            select(StoreRefundLine.order_line_id, func.sum(StoreRefundLine.units))
            .join(StoreRefund, StoreRefund.id == StoreRefundLine.store_refund_id)
            .where(StoreRefund.return_id == return_id)
            .group_by(StoreRefundLine.order_line_id)
        )
    }
    rows = session.execute(
        select(OrderLine, func.min(CreditMemoLine.units / PurchaseOrderLine.per_unit))
        .join(PurchaseOrderLine, PurchaseOrderLine.order_line_id == OrderLine.id)
        .join(ReturnLine, ReturnLine.purchase_order_line_id == PurchaseOrderLine.id)
        .join(CreditMemoLine, CreditMemoLine.return_line_id == ReturnLine.id)
        .join(CreditMemo, CreditMemo.id == CreditMemoLine.credit_memo_id)
        .where(CreditMemo.return_id == return_id)
        .group_by(OrderLine.id)
    )
    left = {line: int(units) - refunded.get(line.id, 0) for line, units in rows}
    return {line: units for line, units in left.items() if units > 0}


def worth(order: Order, units: Mapping[OrderLine, int]) -> Money | None:
    """What the customer paid for units, as far as we were told: without discounts, taxes and delivery."""
    if not units or any(line.retail_price is None for line in units):
        return None
    return Money(sum((line.retail_price or 0) * count for line, count in units.items()), order.currency)
