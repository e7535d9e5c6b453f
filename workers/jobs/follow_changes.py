"""A supplier answered or shipped, or units were withdrawn: what there is nothing left to decide about is not asked any
more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.fulfillment.events import ShipmentCreated
from app.purchasing.decisions.queries import PENDING_STATES
from app.purchasing.events import LinesWithdrawn, PurchaseOrderAcknowledged
from app.purchasing.models import OrderDecision
from app.settlement import service as settlement
from workers.job import Run, job


def _with_decisions(session: Session, payloads: Sequence[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], bool]:
    """Most orders have nothing that is to be decided."""
    named = {UUID(payload["order_id"]) for payload in payloads if payload.get("order_id")}
    asked = {
        str(one)
        for one in session.scalars(
            select(OrderDecision.order_id).where(
                OrderDecision.order_id.in_(named), OrderDecision.state.in_(PENDING_STATES)
            )
        )
    }
    return lambda payload: payload["order_id"] in asked


@job(queue="money", on=(LinesWithdrawn, PurchaseOrderAcknowledged, ShipmentCreated), wanted=_with_decisions)
def follow_changes(run: Run, event: LinesWithdrawn | PurchaseOrderAcknowledged | ShipmentCreated) -> None:
    """See the module."""
    with run.closing() as session:
        settlement.follow_changes(session, event.order_id)
