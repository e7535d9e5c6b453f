"""What of a purchase order's money belongs to some of its units: to those that it still holds (all but what was
cancelled or rejected), or to those that a message tells."""

from __future__ import annotations

from collections.abc import Mapping

from app.kit.money import Money
from app.pricing.rules import converted
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.rules import Share, share_of


def kept_share(purchase_order: PurchaseOrder) -> Share:
    """What its supplier is paid for, and of what the platform keeps its fee. Its lines are loaded."""
    return share_of_units(purchase_order, {line: line.quantity - line.cancelled for line in purchase_order.lines})


def share_of_units(purchase_order: PurchaseOrder, units: Mapping[PurchaseOrderLine, int]) -> Share:
    """The goods, shipping and platform's fee of so many units of a purchase order's lines, taken by themselves."""
    currency = purchase_order.currency
    nothing = Share(Money(0, currency), Money(0, currency), Money(0, currency))
    if not any(units.values()):
        return nothing
    goods = sum(count * line.wholesale_price for line, count in units.items())
    return share_of(
        goods=Money(goods, currency),
        settled_goods=nothing.goods,
        total_goods=Money(purchase_order.wholesale_total, currency),
        shipping=Money(purchase_order.shipping_cost, currency),
        fee=Money(purchase_order.platform_fee, currency),
        settled=nothing,
    )


def kept_cost(purchase_order: PurchaseOrder) -> int:
    """What it costs its retailer, in minor units of the charge's currency. Its lines are loaded."""
    return charged_for(purchase_order, kept_share(purchase_order).charged)


def charged_for(purchase_order: PurchaseOrder, part: Money) -> int:
    """What of its charge belongs to a part of it, in minor units of the charge's currency; all of the charge to the
    whole, whatever was rounded."""
    if part.minor == purchase_order.wholesale_total + purchase_order.shipping_cost:
        return purchase_order.charge_total
    rate, currency = purchase_order.exchange_rate, purchase_order.charge_currency
    return min(purchase_order.charge_total, converted(part, rate=rate, currency=currency).minor)
