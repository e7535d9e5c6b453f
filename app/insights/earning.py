"""What a retailer earns on one order, as far as it is known by now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.kit.money import Money
from app.orders.models import Order
from app.pricing.queries import exchange_rate
from app.pricing.rules import converted
from app.purchasing.decisions import queries as decisions
from app.purchasing.queries import of_orders
from app.settlement import queries as settlement
from app.settlement.rules import CANCELLED
from app.settlement.service.shares import next_share
from app.store_refunds import queries as store_refunds
from app.store_refunds.rules import BY_HAND, MADE


@dataclass(frozen=True, slots=True)
class Undecided:
    """Units of the order's lines of which it is open whether they come and what for: what their customer paid for them,
    and what of the cost is theirs."""

    units: int
    paid: Money | None
    cost: Money | None


@dataclass(frozen=True, slots=True)
class Earned:
    """In the order's currency; None is what is not known. ``paid``: by the customer, for the lines that are ours, after
    all discounts, less what was cancelled and what it got back: without delivery and taxes. ``cost``: charged to the
    retailer, less what it got back. Neither holds what is ``undecided``: until that is decided, all is provisional."""

    paid: Money | None
    cost: Money | None
    undecided: Undecided | None = None

    @property
    def profit(self) -> Money | None:
        """What is left; negative where it cost more."""
        if self.paid is None or self.cost is None:
            return None
        return Money(self.paid.minor - self.cost.minor, self.paid.currency)


def earned(session: Session, order: Order) -> Earned | None:
    """None for a sample, which nobody paid the retailer for. Costs in another currency are taken at the rate of the day
    on which they were charged."""
    if order.kind == "sample":
        return None
    paid, cost, undecided = _paid(session, order), _cost(session, order), _undecided(session, order)
    if undecided is None:
        return Earned(paid, cost)
    return Earned(_less(paid, undecided.paid), _less(cost, undecided.cost), undecided)


def _less(whole: Money | None, part: Money | None) -> Money | None:
    return None if whole is None or part is None else Money(whole.minor - part.minor, whole.currency)


def _undecided(session: Session, order: Order) -> Undecided | None:
    open_ones = [one for one in decisions.of_order(session, order.id) if one.state in decisions.PENDING_STATES]
    if not open_ones:
        return None
    # Of a bundle each component may be open: as many as the scarcest one leaves out.
    units: dict[UUID, int] = {}
    of_component: Counter[tuple[UUID, int]] = Counter()
    goods: Counter[UUID] = Counter()
    for one in open_ones:
        of_component[one.order_line_id, one.component] += -(-one.units // one.per_unit)
        units[one.order_line_id] = max(units.get(one.order_line_id, 0), of_component[one.order_line_id, one.component])
        goods[one.purchase_order_id] += one.units * one.ordered_price
    lines = {line.id: line for line in order.lines}
    units = {
        line_id: min(count, lines[line_id].quantity - lines[line_id].cancelled) for line_id, count in units.items()
    }
    prices = [lines[line_id].retail_price for line_id in units]
    paid = None
    if None not in prices:
        paid = Money(sum((lines[one].retail_price or 0) * count for one, count in units.items()), order.currency)
    return Undecided(sum(units.values()), paid, _cost_of(session, order, goods))


def _cost_of(session: Session, order: Order, goods: Mapping[UUID, int]) -> Money | None:
    """What of the charges belongs to so much worth of goods of purchase orders."""
    cost = 0
    for one in of_orders(session, [order.id])[order.id]:
        if one.id not in goods:
            continue
        share = next_share(session, one, goods[one.id])[1]
        rate = exchange_rate(session, share.currency, order.currency, one.created_at)
        if rate is None:
            return None
        cost += converted(share, rate=rate[0], currency=order.currency).minor
    return Money(cost, order.currency)


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
