"""Units of a purchase order that came back."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from app.purchasing.models import PurchaseOrder
from app.purchasing.service.status import refresh_status


def note_returned(session: Session, purchase_order: PurchaseOrder, units: Mapping[UUID, int]) -> None:
    """Count units of lines that came back and were credited; with the last one the purchase order is RETURNED. The
    caller holds its lock, has its lines loaded, and does this once."""
    for line in purchase_order.lines:
        line.returned += units.get(line.id, 0)
    session.flush()
    refresh_status(session, purchase_order)
