"""How a purchase order's money is shared out over what ships and what is withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from app.kit.money import Money
from app.purchasing.models import PurchaseOrder
from app.purchasing.rules import Share, share_of
from app.purchasing.worth import charged_for
from app.settlement.models import Earning, Refund


@dataclass(frozen=True, slots=True)
class Settled:
    """What has been shared out of a purchase order so far, and what of the charge that was."""

    share: Share
    charged: int


def settled(session: Session, purchase_order: PurchaseOrder) -> Settled:
    """The sum of its earnings and refunds, but for those of returns, which take back what was shared out before. The
    caller holds the purchase order's lock."""
    currency = purchase_order.currency
    earned = session.execute(
        select(
            func.coalesce(func.sum(Earning.goods), 0),
            func.coalesce(func.sum(Earning.shipping), 0),
            func.coalesce(func.sum(Earning.platform_fee), 0),
            func.coalesce(func.sum(Earning.charged), 0),
        ).where(Earning.purchase_order_id == purchase_order.id, Earning.credit_memo_id.is_(None))
    ).one()
    refunded = session.execute(
        select(
            func.coalesce(func.sum(Refund.goods), 0),
            func.coalesce(func.sum(Refund.shipping), 0),
            func.coalesce(func.sum(Refund.platform_fee), 0),
            func.coalesce(func.sum(Refund.amount + Refund.rest), 0),
        ).where(
            Refund.purchase_order_id == purchase_order.id,
            Refund.credit_memo_id.is_(None),
            Refund.kind == "share",
        )
    ).one()
    goods, shipping, fee, charged = (int(one) + int(other) for one, other in zip(earned, refunded, strict=True))
    return Settled(Share(Money(goods, currency), Money(shipping, currency), Money(fee, currency)), charged)


def next_share(session: Session, purchase_order: PurchaseOrder, goods: int) -> tuple[Share, Money]:
    """The share of ``goods`` more, and what of the charge belongs to it (in the charge's currency); the last
    share takes what rounding left."""
    before = settled(session, purchase_order)
    currency = purchase_order.currency
    share = share_of(
        goods=Money(goods, currency),
        settled_goods=before.share.goods,
        total_goods=Money(purchase_order.wholesale_total, currency),
        shipping=Money(purchase_order.shipping_cost, currency),
        fee=Money(purchase_order.platform_fee, currency),
        settled=before.share,
    )
    so_far = charged_for(purchase_order, before.share.charged + share.charged)
    return share, Money(so_far - before.charged, purchase_order.charge_currency)


def locked_purchase_order(session: Session, purchase_order_id: UUID | ScalarSelect[UUID]) -> PurchaseOrder:
    """A purchase order, by its id or by a query that gives it, locked: shares of it are taken one at a time."""
    return session.scalars(
        select(PurchaseOrder)
        .where(PurchaseOrder.id == purchase_order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
