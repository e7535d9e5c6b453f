"""What each choice about units that do not come as ordered would cost now, or give back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.kit.money import Money
from app.orders.models import Order
from app.purchasing.decisions.queries import barred_suppliers
from app.purchasing.decisions.rules import PRICE
from app.purchasing.models import OrderDecision
from app.purchasing.queries import of_orders
from app.purchasing.service.rerouting import Offer, look_around
from app.settlement.service.repricing import costs_more
from app.settlement.service.shares import next_share


@dataclass(frozen=True, slots=True)
class Quote:
    """``refund``: what goes back. ``accept``: what the asked price costs more; None where none is asked. ``offer``: who
    else would deliver, and ``difference`` what that costs more (or gives back, below zero); None where nobody can."""

    refund: Money
    accept: Money | None
    offer: Offer | None
    difference: Money | None


def quote(session: Session, order: Order, decision: OrderDecision) -> Quote:
    """As things stand now: others buy meanwhile, and prices change."""
    purchase_orders = of_orders(session, [order.id])[order.id]
    own = next(one for one in purchase_orders if one.id == decision.purchase_order_id)
    line = next(one for one in own.lines if one.id == decision.purchase_order_line_id)
    _, refund = next_share(session, own, decision.units * decision.ordered_price)
    accept = None
    if decision.kind == PRICE and decision.asked_price is not None:
        accept = costs_more(own, line, decision.asked_price).charged
    barred = barred_suppliers(session, order.id, {decision.order_line_id})
    offer = look_around(session, order, decision, purchase_orders, barred=barred)
    difference = None
    if offer is not None and offer.currency == refund.currency:
        difference = Money(offer.cost, offer.currency) - refund
    return Quote(refund, accept, offer, difference)
