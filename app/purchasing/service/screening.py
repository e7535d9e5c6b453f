"""What a new order waits for before its suppliers are chosen, besides what is in the way of delivering it.

The holds that are found here stay when the order is tried again: time or a person ends them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.config import settings
from app.kit.money import Money
from app.orders import service as orders
from app.orders.models import Order, OrderLine
from app.orders.risk import ENOUGH_ORDERS, OrderFacts, address_doubts, risks_of
from app.orders.rules import HOLD_RULES, HoldReason
from app.purchasing.routing.trouble import Trouble, address_trouble
from app.stores.models import PlatformRisk, Store
from app.stores.payment import Payment
from app.stores.risk import RiskRules, rules_of
from app.stores.store_orders import Address
from app.suppliers.models import Supplier

#: The store's wait and rules, and what its platform has said of the order already.
_STORE = select(
    Store.fraud_window_minutes,
    Store.risk_rules,
    select(PlatformRisk.level)
    .where(PlatformRisk.store_id == bindparam("store"), PlatformRisk.external_id == bindparam("external_id"))
    .scalar_subquery()
    .label("platform"),
).where(Store.id == bindparam("store"))
_WITHIN = timedelta(hours=1)
#: What is usual is found among so many orders.
_LOOKED_AT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ToScreen:
    """An order that has just come in. ``total`` is what the shopper paid for our lines, in minor units."""

    order_id: UUID
    retailer_id: UUID
    store_id: UUID | None
    external_id: str
    currency: str
    total: int | None
    address: Address | None
    billing_country: str = ""
    customer_ref: str = field(default="", repr=False)
    supplier_ids: Sequence[UUID] = ()
    goes_on: bool = True


def screened(session: Session, order: ToScreen, now: datetime) -> list[Trouble]:
    """Why a shopper's order that has just come in from a store waits. The moment that each one waits begins when
    nothing is to be paid before it goes on (``goes_on``)."""
    if order.store_id is None:
        return []
    row = (
        session.connection().execute(_STORE, {"store": order.store_id, "external_id": order.external_id}).one_or_none()
    )
    if row is None:
        return []
    rules = rules_of(row.risk_rules)
    found = [Trouble(reason, details) for reason, details in risks_of(rules, _facts(session, order, rules, row, now))]
    if rules.address:
        found += _doubts(session, order)
    return found + _window(row.fraud_window_minutes, now) if order.goes_on else found


def goes_on_authorised(session: Session, store_id: UUID | None, payment: str | None) -> bool:
    """Whether an order is not paid, but its money is set aside, and its store wants it sent all the same."""
    if store_id is None or payment != Payment.AUTHORIZED:
        return False
    return session.scalar(select(Store.sends_when).where(Store.id == store_id)) == payment


def fraud_window(session: Session, store_id: UUID | None, now: datetime) -> list[Trouble]:
    """The moment that a store's order waits which is paid now."""
    if store_id is None:
        return []
    return _window(session.scalar(select(Store.fraud_window_minutes).where(Store.id == store_id)), now)


def _window(own: int | None, now: datetime) -> list[Trouble]:
    minutes = settings().fraud_window_minutes if own is None else own
    if not minutes:
        return []
    until = now + timedelta(minutes=minutes)
    return [Trouble(HoldReason.FRAUD_WINDOW, {"until": until.isoformat()})]


def still_held(session: Session, order_id: UUID) -> list[Trouble]:
    """The open holds of an order that trying it again does not end. Whether its retailer's plan has a place for it is
    found out anew."""
    return [
        Trouble(HoldReason(hold.reason), hold.details)
        for hold in orders.open_holds(session, order_id)
        if HOLD_RULES[HoldReason(hold.reason)].stays and hold.reason != HoldReason.PLAN_LIMIT
    ]


def _facts(session: Session, order: ToScreen, rules: RiskRules, row: Any, now: datetime) -> OrderFacts:
    """What the rules that are on need to know."""
    return OrderFacts(
        total=None if order.total is None else Money(order.total, order.currency),
        usual=_usual(session, order) if rules.value_factor else None,
        billed_in=order.billing_country,
        sent_to=order.address.country_code if order.address else "",
        same_address=_same(session, order, "address_key", now) if rules.velocity else 1,
        same_customer=_same(session, order, "customer_key", now) if rules.velocity else 1,
        platform=row.platform or "",
    )


def _usual(session: Session, order: ToScreen) -> Money | None:
    """The median of what the retailer's last orders in the currency were worth; None where there are too few."""
    last = (
        select(Order.id)
        .where(
            Order.retailer_id == order.retailer_id,
            Order.currency == order.currency,
            Order.kind == "order",
            Order.id != order.order_id,
        )
        .order_by(Order.created_at.desc())
        .limit(_LOOKED_AT)
        .subquery()
    )
    worth = (
        select(func.sum(OrderLine.quantity * OrderLine.retail_price).label("total"))
        .join(last, last.c.id == OrderLine.order_id)
        .where(OrderLine.retail_price.is_not(None))
        .group_by(OrderLine.order_id)
        .subquery()
    )
    count, median = session.execute(
        select(func.count(), func.percentile_disc(0.5).within_group(worth.c.total)).select_from(worth)
    ).one()
    return Money(int(median), order.currency) if count >= ENOUGH_ORDERS else None


def _same(session: Session, order: ToScreen, column: str, now: datetime) -> int:
    """Orders of one address or customer within the hour, this one too."""
    key = (
        orders.address_key(order.retailer_id, order.address)
        if column == "address_key"
        else orders.customer_key(order.retailer_id, order.customer_ref)
    )
    if key is None:
        return 1
    others = session.scalar(
        select(func.count()).where(
            Order.retailer_id == order.retailer_id,
            getattr(Order, column) == key,
            Order.created_at > now - _WITHIN,
            Order.id != order.order_id,
        )
    )
    return 1 + (others or 0)


def _doubts(session: Session, order: ToScreen) -> list[Trouble]:
    """What looks wrong with an address that can be used."""
    address = order.address
    if address is None or address_trouble(address) is not None:
        return []
    refusing = session.scalars(
        select(Supplier.company_name)
        .where(Supplier.id.in_(order.supplier_ids), Supplier.no_post_boxes)
        .order_by(Supplier.company_name)
    ).all()
    problems = address_doubts(
        address1=address.address1,
        address2=address.address2,
        province=address.province,
        country_code=address.country_code,
        no_boxes=refusing,
    )
    if not problems:
        return []
    told = [{"field": one.field, "message": one.message} for one in problems]
    return [Trouble(HoldReason.ADDRESS_DOUBTFUL, {"problems": told})]
