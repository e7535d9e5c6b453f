"""Telling those who handle a supplier's purchase orders that something about one has changed: notice and letter."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.orm import Session

from app.purchasing.models import PurchaseOrder
from workers.telling import tell

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
    tell(
        session,
        order.supplier_id,
        "purchase_orders.write",
        kind=kind,
        severity=severity,
        title=title,
        body=text,
        link=link,
        button=button,
        reason=REASON,
        dedupe=f"{kind}:{order.id}",
        letter_dedupe=f"{kind}:{order.id}:{cause}",
    )
