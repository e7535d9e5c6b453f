"""Another price than was ordered: a lower one is taken at once and its difference given back; a higher one holds once
the card has paid the difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.kit.ids import new_id
from app.kit.money import Money
from app.orders import service as orders
from app.orders.models import Order
from app.pricing.rules import converted
from app.purchasing.decisions import service as decisions
from app.purchasing.decisions.rules import PAYING
from app.purchasing.models import OrderDecision, PurchaseOrder, PurchaseOrderLine
from app.purchasing.rules import Share
from app.purchasing.service.status import locked_of_order
from app.settlement.models import Charge
from app.settlement.rules import PAID, PaidPart
from app.settlement.service.refunding import give_difference, settle_share, share_refund
from app.settlement.service.shares import settled
from app.settlement.service.supplements import PRICE, ROUNDING, book_change, want_supplement


def costs_more(purchase_order: PurchaseOrder, line: PurchaseOrderLine, price: int) -> PaidPart:
    """What the open units of a line cost more at another price: what the retailer pays, and whose share it is."""
    units = line.quantity - line.shipped - line.cancelled
    more = (price - line.wholesale_price) * units
    currency = purchase_order.currency
    goods = Money(purchase_order.wholesale_total + more, currency)
    fee = goods.share(purchase_order.commission_bps) - Money(purchase_order.wholesale_total, currency).share(
        purchase_order.commission_bps
    )
    whole = goods + Money(purchase_order.shipping_cost, currency)
    rate, target = purchase_order.exchange_rate, purchase_order.charge_currency
    before = converted(whole - Money(more, currency), rate=rate, currency=target)
    charged = converted(whole, rate=rate, currency=target) - before
    return PaidPart(purchase_order.supplier_id, charged, Share(Money(more, currency), Money.zero(currency), fee))


def take_lower(session: Session, order: Order, purchase_order: PurchaseOrder, line: PurchaseOrderLine) -> None:
    """The supplier asks less: its price holds, and the difference is given back as a share of its own."""
    assert line.asked_price is not None
    part = costs_more(purchase_order, line, line.asked_price)
    before = settled(session, purchase_order)
    currency = purchase_order.currency
    share = Share(
        -part.share.goods,
        Money.zero(currency),
        min(-part.share.fee, Money(purchase_order.platform_fee, currency) - before.share.fee),
    )
    amount = min(-part.charged.minor, purchase_order.charge_total - before.charged)
    cause = f"price:{line.id}:{line.asked_price}:{new_id()}"
    refund = share_refund(purchase_order, share, Money(amount, purchase_order.charge_currency), cause=cause)
    session.add(refund)
    settle_share(session, purchase_order, refund, paid=True)
    _agree(session, order, purchase_order, line)


def accept(
    session: Session, order: Order, purchase_order: PurchaseOrder, line: PurchaseOrderLine, found: OrderDecision
) -> bool:
    """The retailer takes a higher price: the difference is charged. False where there is no card."""
    assert line.asked_price is not None
    part = costs_more(purchase_order, line, line.asked_price)
    if not part.charged:
        _raise(session, order, purchase_order, line, part, None)
        decisions.finish(session, [found])
        return True
    charge = want_supplement(session, order, part.charged, cause=f"{PRICE}:{new_id()}")
    if charge is None:
        return False
    decisions.pay_for([found], charge_id=charge.id)
    return True


def answered(session: Session, order: Order, charge: Charge) -> None:
    """A supplement for a price was paid, or will not be."""
    found = session.scalar(
        select(OrderDecision).where(OrderDecision.charge_id == charge.id, OrderDecision.state == PAYING)
    )
    every = locked_of_order(session, order.id)
    place = _place(every, found)
    if charge.state != PAID:
        if found is not None:
            if place is None:
                decisions.overtake(session, order, [found])
            else:
                decisions.ask(session, order, [found], trouble="card_declined")
        return
    if charge.refunded:
        return
    if found is not None and place is not None:
        purchase_order, line = place
        part = costs_more(purchase_order, line, found.asked_price or 0)
        if charge.amount < part.charged.minor <= charge.amount + ROUNDING:
            # Another line became dearer meanwhile, and the sum of both rounds otherwise.
            part = replace(part, charged=Money(charge.amount, charge.currency))
        if 0 <= part.charged.minor <= charge.amount:
            left = _raise(session, order, purchase_order, line, part, charge)
            if left:
                give_difference(session, purchase_order, left, cause=f"difference:{charge.id}")
            decisions.finish(session, [found])
            return
    if found is not None:
        decisions.overtake(session, order, [found])
    left = book_change(
        session,
        order,
        charge,
        key=f"supplement:{charge.id}",
        description=f"Order {order.number}: nothing became dearer after all",
    )
    give_difference(session, every[0], left, cause=f"unused:{charge.id}")


def _place(
    every: Sequence[PurchaseOrder], found: OrderDecision | None
) -> tuple[PurchaseOrder, PurchaseOrderLine] | None:
    """Where a decision's price still stands to be agreed on."""
    if found is None:
        return None
    for one in every:
        for line in one.lines:
            if line.id == found.purchase_order_line_id:
                stands = line.asked_price == found.asked_price and not line.shipped and line.quantity > line.cancelled
                return (one, line) if stands else None
    return None


def _raise(
    session: Session,
    order: Order,
    purchase_order: PurchaseOrder,
    line: PurchaseOrderLine,
    part: PaidPart,
    charge: Charge | None,
) -> int:
    """The higher price holds: the purchase order is worth more. Returns what the supplement brought too much."""
    purchase_order.wholesale_total += part.share.goods.minor
    purchase_order.platform_fee += part.share.fee.minor
    purchase_order.charge_total += part.charged.minor
    left = book_change(
        session,
        order,
        charge,
        key=f"price:{line.id}:{charge.id if charge is not None else new_id()}",
        description=f"{purchase_order.number} became dearer",
        now_owed=[part],
    )
    _agree(session, order, purchase_order, line)
    return left


def _agree(session: Session, order: Order, purchase_order: PurchaseOrder, line: PurchaseOrderLine) -> None:
    assert line.asked_price is not None
    currency = purchase_order.currency
    orders.tell(
        session,
        order,
        "po.price_agreed",
        purchase_order_id=purchase_order.id,
        supplier_id=purchase_order.supplier_id,
        title=line.title,
        asked=str(Money(line.asked_price, currency)),
        ordered=str(Money(line.wholesale_price, currency)),
    )
    audit.record(
        session,
        order.retailer_id,
        "purchasing.price_agreed",
        "purchase_order",
        purchase_order.id,
        details={"from": line.wholesale_price, "to": line.asked_price},
    )
    decisions.begin_rejected(session, order, [purchase_order])
    line.wholesale_price, line.asked_price = line.asked_price, None
    session.flush()
