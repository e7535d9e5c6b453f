"""How the orders stand, read from the database: what is undone, whether all ended as it must, and when who was told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import func, select

from app import db
from app.fulfillment.models import Shipment
from app.inventory.models import InventoryLevel, Reservation
from app.ledger.models import Posting
from app.orders.models import Order
from app.outbox.models import Task, TaskState
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from demo.installation import SHOP
from demo.story import Story

#: Where an order may stand when all is done and nobody is silent.
_AT_AN_END = frozenset({"DELIVERED", "CANCELLED", "RETURNED"})


def owed() -> int:
    """Tasks of events that could be done now and are not."""
    with db.system_scope(actor="bench"), db.transaction() as session:
        waiting = select(func.count()).where(
            Task.state < TaskState.DONE, Task.event_id.is_not(None), Task.available_at <= func.now()
        )
        return session.scalar(waiting) or 0


def unfinished(silent: Collection[UUID]) -> list[str]:
    """Orders that are not at an end and that none of these purchase orders, which are never answered, keeps there."""
    kept = select(PurchaseOrder.order_id).where(PurchaseOrder.id.in_(silent), PurchaseOrder.status == "PENDING")
    with db.system_scope(actor="bench"), db.transaction() as session:
        return list(
            session.scalars(select(Order.external_name).where(Order.status.not_in(_AT_AN_END), Order.id.not_in(kept)))
        )


def ends() -> dict[str, int]:
    """How many orders stand where."""
    with db.system_scope(actor="bench"), db.transaction() as session:
        rows = session.execute(select(Order.status, func.count()).group_by(Order.status).order_by(Order.status))
        return {status: count for status, count in rows}


def check(story: Story, silent: Collection[UUID]) -> dict[str, int]:
    """All orders are at an end but those of ``silent`` purchase orders; no units are set aside but theirs; no task is
    dead; the ledger balances, and all books agree. Returns how many orders ended how."""
    waiting = select(PurchaseOrderLine.order_line_id).where(PurchaseOrderLine.purchase_order_id.in_(silent))
    is_open = Reservation.state.in_(("HELD", "COMMITTED"))
    with db.system_scope(actor="bench"), db.transaction() as session:
        aside = session.scalar(
            select(func.count()).select_from(Reservation).where(is_open, Reservation.order_line_id.not_in(waiting))
        )
        open_units = func.sum(Reservation.quantity - Reservation.consumed - Reservation.released)
        held = session.scalar(select(open_units).where(is_open))
        reserved = session.scalar(select(func.sum(InventoryLevel.reserved)))
        dead = session.scalar(select(func.count()).where(Task.state == TaskState.DEAD))
        skewed = session.execute(
            select(Posting.entry_id).group_by(Posting.entry_id, Posting.currency).having(func.sum(Posting.amount) != 0)
        ).all()
    wrong = {
        "orders that are not at an end": unfinished(silent)[:10],
        "units set aside for nobody": aside,
        "reservations that levels do not know": (held or 0) - (reserved or 0),
        "dead tasks": dead,
        "journal entries that do not balance": skewed[:10],
    }
    if any(wrong.values()):
        raise RuntimeError(f"the day went wrong: { ({what: found for what, found in wrong.items() if found}) }")
    story.check_books()
    return ends()


def supplier_told(story: Story, names: Sequence[str]) -> list[float]:
    """Seconds from each order's hook to the last of its suppliers being told; of those that came to a supplier."""
    sent = {
        str(orjson.loads(one["body"])["name"]): datetime.fromisoformat(one["attempts"][0]["at"]).timestamp()
        for one in reversed(story.control.deliveries(SHOP, "orders/paid"))
    }
    with db.system_scope(actor="bench"), db.transaction() as session:
        rows = session.execute(
            select(PurchaseOrder.order_reference, func.max(PurchaseOrder.released_at))
            .where(PurchaseOrder.order_reference.in_(names), PurchaseOrder.released_at.is_not(None))
            .group_by(PurchaseOrder.order_reference)
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
