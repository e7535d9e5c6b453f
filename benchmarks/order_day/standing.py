"""How the orders stand, read from the database: what is undone, and when who was told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import and_, case, func, not_, or_, select

from app import db
from app.fulfillment.models import Shipment
from app.orders.models import Order, OrderHold
from app.outbox.models import Task, TaskState
from app.purchasing.changes import rules as changes
from app.purchasing.models import ChangeRequest, PurchaseOrder, Transmission
from app.purchasing.transmission_rules import DELIVERED
from app.returns.models import Return, ShopperReturn
from app.returns.rules import ENDED, WAITING
from demo.installation import SHOP
from demo.story import Story

#: Where an order may stand when all is done and nobody is silent.
_AT_AN_END = frozenset({"DELIVERED", "CANCELLED", "RETURNED"})


def owed() -> int:
    """Tasks of events that could be done now and are not, or that failed and are tried again later."""
    with db.system_scope(actor="bench"), db.transaction() as session:
        waiting = select(func.count()).where(
            Task.state < TaskState.DONE,
            Task.event_id.is_not(None),
            or_(Task.available_at <= func.now(), Task.last_error.is_not(None)),
        )
        return session.scalar(waiting) or 0


def unfinished(silent: Collection[UUID], unwanted: Collection[str] = ()) -> list[str]:
    """Orders that are not at an end and that none of these purchase orders, which are never answered, keeps there;
    those of which somebody is asked something; and those whose goods are on their way back, or will be (``unwanted``,
    by the shop's ids)."""
    kept = select(PurchaseOrder.order_id).where(PurchaseOrder.id.in_(silent), PurchaseOrder.status == "PENDING")
    asked = select(ChangeRequest.order_id).where(ChangeRequest.state == changes.OPEN)
    back = select(Return.order_id).where(Return.state.not_in(ENDED))
    told = select(ShopperReturn.order_id).where(ShopperReturn.state == WAITING)
    open_orders = or_(
        and_(Order.status.not_in(_AT_AN_END), Order.id.not_in(kept)),
        and_(Order.external_id.in_(unwanted), Order.status == "DELIVERED"),
        Order.id.in_(asked),
        Order.id.in_(back),
        Order.id.in_(told),
    )
    with db.system_scope(actor="bench"), db.transaction() as session:
        return list(session.scalars(select(Order.external_name).where(open_orders)))


def ends() -> dict[str, int]:
    """How many orders stand where."""
    with db.system_scope(actor="bench"), db.transaction() as session:
        rows = session.execute(select(Order.status, func.count()).group_by(Order.status).order_by(Order.status))
        return {status: count for status, count in rows}


def supplier_told(story: Story, names: Sequence[str]) -> list[float]:
    """Seconds from each order's hook to the last of its suppliers being told, of those that came to a supplier. One
    that has a system is told when that has answered the message, others when they can see the purchase order. Orders
    that waited for a person, and messages that a system did not take at once, are left out."""
    sent = {
        str(orjson.loads(one["body"])["name"]): datetime.fromisoformat(one["attempts"][0]["at"]).timestamp()
        for one in reversed(story.control.deliveries(SHOP, "orders/paid"))
    }
    answered = case((Transmission.channel == "api", Transmission.answered_at), else_=PurchaseOrder.released_at)
    doubtful = or_(Transmission.tries > 1, Transmission.probes > 0, Transmission.state != DELIVERED)
    in_time = func.bool_and(not_(and_(Transmission.channel == "api", doubtful)))
    with db.system_scope(actor="bench"), db.transaction() as session:
        rows = session.execute(
            select(PurchaseOrder.order_reference, func.max(answered))
            .join(Transmission, Transmission.purchase_order_id == PurchaseOrder.id)
            .where(
                PurchaseOrder.order_reference.in_(names),
                PurchaseOrder.released_at.is_not(None),
                PurchaseOrder.rerouting_id.is_(None),
                PurchaseOrder.order_id.not_in(select(OrderHold.order_id)),
            )
            .group_by(PurchaseOrder.order_reference)
            .having(in_time)
        )
        return [at.timestamp() - sent[name] for name, at in rows if at is not None]


def store_told(names: Sequence[str]) -> list[float]:
    """Seconds from each parcel's leaving to the moment that the store knew of it, of these orders' parcels."""
    with db.system_scope(actor="bench"), db.transaction() as session:
        rows = session.execute(
            select(Shipment.created_at, Shipment.store_told_at)
            .join(Order, Order.id == Shipment.order_id)
            .where(Order.external_name.in_(names), Shipment.store_told_at.is_not(None))
        )
        return [(told - left).total_seconds() for left, told in rows if told is not None]
