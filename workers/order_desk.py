"""Telling those who handle a retailer's orders about one of them: notice and letter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy.orm import Session

from app.config import settings
from app.identity.queries import recipients
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from app.orders.models import Order

_REASON = "You get this because you handle orders for your company at Crossdock."


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
    notify(
        session,
        order.retailer_id,
        kind=kind,
        severity=severity,
        title=title,
        body=body,
        link=link,
        dedupe=dedupe,
    )
    queue_email(
        session,
        recipients(session, order.retailer_id, "orders.write"),
        Letter(
            subject=title,
            paragraphs=paragraphs,
            button=(button, f"{settings().public_url}{link}"),
            reason=_REASON,
        ),
        kind=kind,
        dedupe=f"{dedupe}:{cause}" if cause else dedupe,
        organisation_id=order.retailer_id,
    )
