"""What a new order waits for before its suppliers are chosen, besides what is in the way of delivering it.

The holds that are found here stay when the order is tried again: time or a person ends them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.config import settings
from app.orders import service as orders
from app.orders.rules import HOLD_RULES, HoldReason
from app.purchasing.routing.trouble import Trouble
from app.stores.models import Store

_WINDOW = select(Store.fraud_window_minutes).where(Store.id == bindparam("store"))


def screened(session: Session, store_id: UUID | None, now: datetime) -> list[Trouble]:
    """Why a shopper's order that has just come in from a store waits."""
    if store_id is None:
        return []
    own = session.connection().scalar(_WINDOW, {"store": store_id})
    minutes = settings().fraud_window_minutes if own is None else own
    if not minutes:
        return []
    until = now + timedelta(minutes=minutes)
    return [Trouble(HoldReason.FRAUD_WINDOW, {"until": until.isoformat()})]


def still_held(session: Session, order_id: UUID) -> list[Trouble]:
    """The open holds of an order that trying it again does not end."""
    return [
        Trouble(HoldReason(hold.reason), hold.details)
        for hold in orders.open_holds(session, order_id)
        if HOLD_RULES[HoldReason(hold.reason)].stays
    ]
