"""A supplier has answered after all, or its purchase order went elsewhere: notices that it owes an answer are put
away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity.service import platform_organisation
from app.notifications.service import resolve
from app.purchasing.events import LinesRerouted, LinesWithdrawn, PurchaseOrderAcknowledged
from app.purchasing.models import PurchaseOrder
from workers.job import Run, job


def _reminded(session: Session, payloads: Sequence[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], bool]:
    """Most suppliers answer before they are reminded."""
    named = {UUID(payload["purchase_order_id"]) for payload in payloads if payload.get("purchase_order_id")}
    found = {
        str(one)
        for one in session.scalars(
            select(PurchaseOrder.id).where(PurchaseOrder.id.in_(named), PurchaseOrder.reminders > 0)
        )
    }
    return lambda payload: payload["purchase_order_id"] in found


@job(queue="letters", on=(PurchaseOrderAcknowledged, LinesRerouted, LinesWithdrawn), wanted=_reminded)
def settle_overdue_answer(run: Run, event: PurchaseOrderAcknowledged | LinesRerouted | LinesWithdrawn) -> None:
    """See the module."""
    with run.closing() as session:
        if session.get_one(PurchaseOrder, event.purchase_order_id).remind_at is None:
            key = f"answer_overdue:{event.purchase_order_id}"
            for organisation_id in (event.supplier_id, event.retailer_id, platform_organisation(session).id):
                resolve(session, organisation_id, key)
