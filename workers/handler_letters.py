"""Telling those who handle a supplier's purchase orders that something about one has changed: notice and letter."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.orm import Session

from app.config import settings
from app.identity.queries import recipients
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from app.purchasing.models import PurchaseOrder

#: Why they get letters about purchase orders.
REASON = "You get this because you handle purchase orders for your company at Crossdock."


def tell_handlers(
    session: Session,
    order: PurchaseOrder,
    *,
    kind: str,
    severity: Literal["info", "warning"],
    title: str,
    text: str,
    button: str,
    cause: str,
) -> None:
    """One notice of a ``kind`` for an order, and one letter for each ``cause``."""
    link = f"/supplier/purchase-orders/{order.id}"
    notify(
        session,
        order.supplier_id,
        kind=kind,
        severity=severity,
        title=title,
        body=text,
        link=link,
        dedupe=f"{kind}:{order.id}",
    )
    queue_email(
        session,
        recipients(session, order.supplier_id, "purchase_orders.write"),
        Letter(subject=title, paragraphs=[text], button=(button, f"{settings().public_url}{link}"), reason=REASON),
        kind=kind,
        dedupe=f"{kind}:{order.id}:{cause}",
        organisation_id=order.supplier_id,
    )
