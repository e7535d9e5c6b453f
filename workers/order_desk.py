"""Telling those who handle a retailer's orders about one of them: notice and letter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy.orm import Session

from app.orders.models import Order
from workers.telling import HANDLES_ORDERS, tell


def tell_order_desk(
    session: Session,
    order: Order,
    *,
    kind: str,
    severity: Literal["info", "warning", "critical"],
    title: str,
    body: str,
    paragraphs: Sequence[str],
    button: str,
    dedupe: str,
    cause: str = "",
    link: str = "",
) -> None:
    """One notice for each ``dedupe``, and one letter for each ``cause`` of it. ``body`` is the notice's text,
    ``paragraphs`` are the letter's; ``link`` is where both lead, the order's page unless it is another."""
    link = link or f"/app/orders/{order.id}"
    tell(
        session,
        order.retailer_id,
        "orders.write",
        kind=kind,
        severity=severity,
        title=title,
        body=body,
        paragraphs=paragraphs,
        link=link,
        button=button,
        reason=HANDLES_ORDERS,
        dedupe=dedupe,
        letter_dedupe=f"{dedupe}:{cause}" if cause else dedupe,
    )
