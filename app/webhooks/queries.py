"""Reads of endpoints, deliveries and events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.config import key_ring
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Invalid, NotFound
from app.kit.paging import LARGEST_LIMIT, Page, number_after, page_of
from app.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookEvent


def endpoints(session: Session, organisation_id: UUID) -> Sequence[WebhookEndpoint]:
    """An organisation's endpoints, the oldest first."""
    return session.scalars(
        select(WebhookEndpoint)
        .where(WebhookEndpoint.organisation_id == organisation_id, WebhookEndpoint.removed_at.is_(None))
        .order_by(WebhookEndpoint.id)
    ).all()


def endpoint(session: Session, organisation_id: UUID, endpoint_id: UUID, *, lock: bool = False) -> WebhookEndpoint:
    """One endpoint. Raises ``NotFound``, also for one that was removed."""
    query = select(WebhookEndpoint).where(
        WebhookEndpoint.id == endpoint_id,
        WebhookEndpoint.organisation_id == organisation_id,
        WebhookEndpoint.removed_at.is_(None),
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound("webhook endpoint")
    return found


def deliveries(
    session: Session,
    organisation_id: UUID,
    endpoint_id: UUID,
    *,
    state: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[WebhookDelivery]:
    """What was or is to be sent to an endpoint, the newest first."""
    limit = min(limit, LARGEST_LIMIT)
    query = (
        select(WebhookDelivery)
        .where(WebhookDelivery.organisation_id == organisation_id, WebhookDelivery.endpoint_id == endpoint_id)
        .order_by(WebhookDelivery.position.desc())
        .limit(limit + 1)
    )
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    if cursor:
        query = query.where(WebhookDelivery.position < number_after(cursor))
    return page_of(session.scalars(query).all(), limit, lambda row: [row.position])


def delivery_counts(session: Session, organisation_id: UUID, endpoint_id: UUID) -> Mapping[str, int]:
    """State → how many deliveries of an endpoint are in it."""
    rows = session.execute(
        select(WebhookDelivery.state, func.count())
        .where(WebhookDelivery.organisation_id == organisation_id, WebhookDelivery.endpoint_id == endpoint_id)
        .group_by(WebhookDelivery.state)
    )
    return {state: count for state, count in rows}


def delivery(
    session: Session, organisation_id: UUID, endpoint_id: UUID, delivery_id: UUID, *, lock: bool = False
) -> WebhookDelivery:
    """One delivery. Raises ``NotFound``."""
    query = select(WebhookDelivery).where(
        WebhookDelivery.id == delivery_id,
        WebhookDelivery.endpoint_id == endpoint_id,
        WebhookDelivery.organisation_id == organisation_id,
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound("delivery")
    return found


def response_of(row: WebhookDelivery) -> str:
    """The beginning of what the receiver answered last; empty where it answered nothing."""
    if row.response is None:
        return ""
    place = Place("webhook_deliveries", "response", row.id)
    return key_ring().open(row.response, place).decode(errors="replace")


def event(session: Session, organisation_id: UUID, event_id: UUID) -> WebhookEvent:
    """One event. Raises ``NotFound``."""
    found = session.scalar(
        select(WebhookEvent).where(WebhookEvent.id == event_id, WebhookEvent.organisation_id == organisation_id)
    )
    if found is None:
        raise NotFound("event")
    return found


def events(
    session: Session,
    organisation_id: UUID,
    *,
    after: UUID | None = None,
    types: Sequence[str] = (),
    limit: int = 50,
    cursor: str | None = None,
) -> Page[WebhookEvent]:
    """An organisation's stream in its order, from behind the event ``after`` on. Raises ``Invalid``
    (``unknown_event``) where that is not there, or not any more."""
    limit = min(limit, LARGEST_LIMIT)
    query = (
        select(WebhookEvent)
        .where(WebhookEvent.organisation_id == organisation_id)
        .order_by(WebhookEvent.position)
        .limit(limit + 1)
    )
    if types:
        query = query.where(WebhookEvent.type.in_(types))
    if after is not None:
        position = session.scalar(
            select(WebhookEvent.position).where(
                WebhookEvent.id == after, WebhookEvent.organisation_id == organisation_id
            )
        )
        if position is None:
            message = "There is no such event, or not any more. Leave `after` out to begin with the oldest."
            raise Invalid.field("after", "unknown_event", message)
        query = query.where(WebhookEvent.position > position)
    if cursor:
        query = query.where(WebhookEvent.position > number_after(cursor))
    return page_of(session.scalars(query).all(), limit, lambda row: [row.position])


def envelope(row: WebhookEvent, public_url: str) -> dict[str, Any]:
    """An event as it is sent and read: the same bytes each time. ``public_url`` is where this installation is."""
    return {
        "id": str(row.id),
        "type": row.type,
        "created_at": clock.iso(row.created_at),
        "sequence": row.position,
        "data": {**row.data, "url": f"{public_url}{row.link}" if row.link is not None else None},
    }
