"""What a store's customer paid for an order, and how much of it can still be given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kit.money import Money
from app.orders.models import Order, OrderLine
from app.store_refunds.models import StoreRefund
from app.store_refunds.queries import of_order
from app.store_refunds.rules import REFUSED
from app.stores.store_orders import BesideGoods


def most(session: Session, order: Order, units: Mapping[OrderLine, int], *, delivery: bool) -> Money | None:
    """The most that can be given back for units of lines, and for the ``delivery`` if that is wanted too: what was paid
    for them with their taxes, and for the order no more than was paid less what was given back or is asked for. None
    where nobody told us what was paid."""
    lines, beside = _lines(session, order), _beside(order)
    if any(line.retail_price is None for line in lines) or (delivery and beside.delivery is None):
        return None
    earlier = [one for one in of_order(session, order.id) if one.state != REFUSED]
    wanted = sum(count * _for_one(line, beside) for line, count in units.items())
    if not beside.taxes_by_line:
        # Which of the goods they are for is not known.
        wanted += beside.taxes
    if delivery and not any(one.shipping for one in earlier):
        wanted += beside.delivery or 0
    left = _in_all(lines, beside) - sum(_given(one, lines, order.currency) for one in earlier)
    return Money(max(0, min(wanted, left)), order.currency)


def paid(session: Session, order: Order) -> Money | None:
    """What was paid for an order's lines, their taxes and the delivery; None where a part of it is not known."""
    lines, beside = _lines(session, order), _beside(order)
    if beside.delivery is None or any(line.retail_price is None for line in lines):
        return None
    return Money(_in_all(lines, beside), order.currency)


def _beside(order: Order) -> BesideGoods:
    return BesideGoods(**order.beside_goods) if order.beside_goods else BesideGoods()


def _lines(session: Session, order: Order) -> Sequence[OrderLine]:
    return session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).all()


def _for_one(line: OrderLine, beside: BesideGoods) -> int:
    return (line.retail_price or 0) + beside.taxes_by_line.get(line.external_line_id or "", 0)


def _in_all(lines: Sequence[OrderLine], beside: BesideGoods) -> int:
    return sum(line.quantity * _for_one(line, beside) for line in lines) + (
        (beside.delivery or 0) + (0 if beside.taxes_by_line else beside.taxes)
    )


def _given(refund: StoreRefund, lines: Sequence[OrderLine], currency: str) -> int:
    """What an earlier refund gives back: as the store counted it, else as it was asked, else what its units cost."""
    if refund.made_amount is not None and refund.made_currency == currency:
        return refund.made_amount
    if refund.amount is not None:
        return refund.amount
    prices = {line.id: line.retail_price or 0 for line in lines}
    return sum(one.units * prices.get(one.order_line_id, 0) for one in refund.lines)
