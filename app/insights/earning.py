"""What a retailer earns on one order, as far as it is known by now."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.kit.money import Money
from app.orders.models import Order
from app.pricing.queries import exchange_rate
from app.pricing.rules import converted
from app.settlement import queries as settlement
from app.settlement.rules import CANCELLED
from app.store_refunds import queries as store_refunds
from app.store_refunds.rules import BY_HAND, MADE


@dataclass(frozen=True, slots=True)
class Earned:
    """In the order's currency; None is what is not known. ``paid``: by the customer, for the lines that are ours, after
    all discounts, less what was cancelled and what it got back: without delivery and taxes. ``cost``: charged to the
    retailer, less what it got back."""

    paid: Money | None
    cost: Money | None

    @property
    def profit(self) -> Money | None:
        """What is left; negative where it cost more."""
        if self.paid is None or self.cost is None:
            return None
        return Money(self.paid.minor - self.cost.minor, self.paid.currency)


def earned(session: Session, order: Order) -> Earned | None:
    """None for a sample, which nobody paid the retailer for. Costs in another currency are taken at the rate of the day
    on which they were charged."""
    return None if order.kind == "sample" else Earned(_paid(session, order), _cost(session, order))


def _paid(session: Session, order: Order) -> Money | None:
    prices = {line.id: line.retail_price for line in order.lines}
    if not prices or None in prices.values():
        return None
    known = {line_id: price or 0 for line_id, price in prices.items()}
    paid = sum(known[line.id] * (line.quantity - line.cancelled) for line in order.lines)
    for refund in store_refunds.of_order(session, order.id):
        if refund.state not in (MADE, BY_HAND):
            continue
        whole = sum(known[line.order_line_id] * line.units for line in refund.lines)
        cancelled = sum(known[line.order_line_id] * line.owed for line in refund.lines)
        # Cancelled units are left out above already.
        paid -= max(0, (whole if refund.amount is None else refund.amount) - cancelled)
    return Money(paid, order.currency)


def _cost(session: Session, order: Order) -> Money | None:
    charges = settlement.charges_of_order(session, order.id)
    if not charges:
        return None
    cost = 0
    for charge in charges:
        rate = exchange_rate(session, charge.currency, order.currency, charge.created_at)
        if rate is None:
            return None
        left = 0 if charge.state == CANCELLED else charge.amount - charge.refunded
        cost += converted(Money(left, charge.currency), rate=rate[0], currency=order.currency).minor
    return Money(cost, order.currency)
