"""What purchase orders cost their retailer, and whose share of it is whose."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kit.money import Money
from app.purchasing.models import PurchaseOrder
from app.purchasing.rules import Share
from app.settlement.models import Refund
from app.settlement.rules import PaidPart


def _waived(session: Session, purchase_orders: Sequence[PurchaseOrder]) -> dict[UUID, tuple[int, int, int, int]]:
    """What was withdrawn before payment of each purchase order: the amount in the charge's currency, then goods,
    shipping and fee in the purchase order's."""
    if not any(line.cancelled for one in purchase_orders for line in one.lines):
        return {}
    rows = session.execute(
        select(
            Refund.purchase_order_id,
            func.sum(Refund.amount),
            func.sum(Refund.goods),
            func.sum(Refund.shipping),
            func.sum(Refund.platform_fee),
        )
        .where(Refund.purchase_order_id.in_([one.id for one in purchase_orders]), Refund.state == "WAIVED")
        .group_by(Refund.purchase_order_id)
    )
    return {row[0]: (int(row[1]), int(row[2]), int(row[3]), int(row[4])) for row in rows}


def parts_of(session: Session, purchase_orders: Sequence[PurchaseOrder]) -> list[PaidPart]:
    """What is to be paid of each purchase order: all but what was withdrawn before it was paid."""
    if not purchase_orders:
        return []
    waived = _waived(session, purchase_orders)
    parts = []
    for one in purchase_orders:
        amount, goods, shipping, fee = waived.get(one.id, (0, 0, 0, 0))
        parts.append(
            PaidPart(
                one.supplier_id,
                Money(one.charge_total - amount, one.charge_currency),
                Share(
                    Money(one.wholesale_total - goods, one.currency),
                    Money(one.shipping_cost - shipping, one.currency),
                    Money(one.platform_fee - fee, one.currency),
                ),
            )
        )
    return parts


def total_of(parts: Sequence[PaidPart]) -> Money:
    """What all of them cost together, in the charge's currency."""
    return Money(sum(part.charged.minor for part in parts), parts[0].charged.currency)
