"""What is to be sent to an endpoint, and what follows from how it went.

A message that is refused waits by itself, ever longer, and holds up those of its own subject only. Where several
messages were refused and none was taken, the endpoint counts as failing: it is asked with one message at a time, one
that is not known to be refused before all others, after waits of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, and_, exists, select, update
from sqlalchemy.orm import Session, aliased

from app.config import key_ring, settings
from app.kit import clock
from app.kit.crypto import Place
from app.notifications.service import resolve
from app.outbox.service import emit
from app.webhooks.events import DeliveriesDue, EndpointFailing
from app.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from app.webhooks.queries import envelope
from app.webhooks.rules import (
    ACTIVE,
    DELIVERED,
    DISABLED,
    FAILED,
    FAILING,
    FAILING_AFTER,
    GIVE_UP_AFTER,
    OPEN,
    TEST,
    TOLD_AFTER,
    TOLD_EVERY,
    WAITING,
    wait_after,
)
from app.webhooks.service.endpoints import signing_secrets, trouble

GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One message as it is to be sent. ``message_id`` is the event's: the same at every attempt."""

    delivery_id: UUID
    message_id: str
    url: str
    body: bytes
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt went. ``error`` is empty where the message was taken; ``response`` is the beginning of the
    answer; ``retry_after`` are the seconds that the receiver asked for."""

    status: int | None = None
    error: str = ""
    seconds: float = 0.0
    response: bytes = b""
    retry_after: float | None = None


def due_calls(session: Session, endpoint_id: UUID, *, limit: int) -> list[Call]:
    """The messages that are due, the first of each subject; only one where the endpoint fails. Needs a system scope."""
    now = clock.now()
    endpoint = session.get_one(WebhookEndpoint, endpoint_id, populate_existing=True)
    if endpoint.removed_at is not None:
        return []
    earlier = aliased(WebhookDelivery)
    query = (
        select(WebhookDelivery, WebhookEvent)
        .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
        .where(
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.state == WAITING,
            WebhookDelivery.next_attempt_at <= now,
            ~exists().where(
                earlier.endpoint_id == WebhookDelivery.endpoint_id,
                earlier.subject == WebhookDelivery.subject,
                earlier.state == WAITING,
                earlier.position < WebhookDelivery.position,
            ),
        )
    )
    if endpoint.state == FAILING:
        query = query.order_by(WebhookDelivery.attempts, WebhookDelivery.position).limit(1)
    else:
        query = query.order_by(WebhookDelivery.position).limit(limit)
    if endpoint.state not in OPEN or (endpoint.retry_at is not None and endpoint.retry_at > now):
        query = query.where(WebhookDelivery.type == TEST)
    secrets = signing_secrets(endpoint)
    return [
        Call(
            delivery_id=delivery.id,
            message_id=str(event.id),
            url=endpoint.url,
            body=orjson.dumps(envelope(event, settings().public_url)),
            secrets=secrets,
        )
        for delivery, event in session.execute(query)
    ]


def record_outcomes(session: Session, endpoint_id: UUID, outcomes: Mapping[UUID, Outcome]) -> None:
    """Note how a turn went: outcomes by delivery. Needs a system scope."""
    endpoint = session.scalars(
        select(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    rows = session.scalars(
        select(WebhookDelivery)
        .where(WebhookDelivery.id.in_(outcomes), WebhookDelivery.state == WAITING)
        .order_by(WebhookDelivery.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        _note(row, outcomes[row.id])
    real = [outcomes[row.id] for row in rows if row.type != TEST]
    if endpoint.removed_at is not None or endpoint.state not in OPEN or not real:
        return
    if any(outcome.status == GONE for outcome in real):
        _switch_off(session, endpoint)
    elif any(not outcome.error for outcome in real):
        _well_again(session, endpoint)
    else:
        _failed_again(session, endpoint, fresh=any(row.attempts == 1 for row in rows if row.type != TEST))


def put_due_to_work(session: Session) -> None:
    """Put endpoints to work that have something due. Needs a system scope."""
    now = clock.now()
    takes = WebhookEndpoint.state.in_(OPEN) & (WebhookEndpoint.retry_at.is_(None) | (WebhookEndpoint.retry_at <= now))
    rows = session.execute(
        select(WebhookEndpoint.organisation_id, WebhookEndpoint.id)
        .join(WebhookDelivery, WebhookDelivery.endpoint_id == WebhookEndpoint.id)
        .where(
            WebhookEndpoint.removed_at.is_(None),
            WebhookDelivery.state == WAITING,
            WebhookDelivery.next_attempt_at <= now,
            takes | (WebhookDelivery.type == TEST),
        )
        .distinct()
    )
    emit(session, *(DeliveriesDue(organisation_id=owner, endpoint_id=endpoint_id) for owner, endpoint_id in rows))


def _note(row: WebhookDelivery, outcome: Outcome) -> None:
    now = clock.now()
    row.attempts += 1
    row.first_attempt_at = row.first_attempt_at or now
    row.last_attempt_at = now
    row.status, row.error = outcome.status, outcome.error or None
    row.latency_ms = round(outcome.seconds * 1000)
    row.response = _sealed(row.id, outcome.response) if outcome.response else None
    if not outcome.error:
        row.state, row.delivered_at = DELIVERED, now
        return
    over = row.first_attempt_at + GIVE_UP_AFTER
    if row.type == TEST or now >= over or outcome.status == GONE:
        row.state = FAILED
        return
    asked = timedelta(seconds=outcome.retry_after or 0.0)
    # The last attempt is made when the time is over, not after it.
    row.next_attempt_at = min(now + max(wait_after(row.attempts), asked), over)


def _well_again(session: Session, endpoint: WebhookEndpoint) -> None:
    if endpoint.failing_since is None:
        return
    was_failing = endpoint.state == FAILING
    endpoint.state, endpoint.failures = ACTIVE, 0
    endpoint.failing_since = endpoint.retry_at = endpoint.told_at = None
    if was_failing:
        # What waited for the endpoint and not for itself goes at once.
        _waiting_at(session, endpoint.id, clock.now())
        resolve(session, endpoint.organisation_id, trouble(endpoint.id))


def _failed_again(session: Session, endpoint: WebhookEndpoint, *, fresh: bool) -> None:
    """``fresh``: a message was refused that had not been tried before. One that is refused again and again says
    nothing new of its endpoint."""
    now = clock.now()
    endpoint.failing_since = endpoint.failing_since or now
    if fresh or endpoint.state == FAILING:
        endpoint.failures += 1
    over = endpoint.failing_since + GIVE_UP_AFTER
    if now >= over:
        _switch_off(session, endpoint)
        return
    if endpoint.failures >= FAILING_AFTER:
        endpoint.state = FAILING
        endpoint.retry_at = min(now + wait_after(endpoint.failures), over)
        # Whatever waits may be tried then, however long its own wait is.
        _waiting_at(session, endpoint.id, endpoint.retry_at)
    untold = endpoint.told_at is None or now - endpoint.told_at >= TOLD_EVERY
    if now - endpoint.failing_since >= TOLD_AFTER and untold:
        endpoint.told_at = now
        emit(session, EndpointFailing(organisation_id=endpoint.organisation_id, endpoint_id=endpoint.id))


def _switch_off(session: Session, endpoint: WebhookEndpoint) -> None:
    now = clock.now()
    endpoint.state, endpoint.retry_at = DISABLED, None
    endpoint.told_at, endpoint.failing_since = now, endpoint.failing_since or now
    session.execute(
        update(WebhookDelivery).where(_waiting_for(endpoint.id)).values(state=FAILED, error="endpoint_disabled")
    )
    emit(session, EndpointFailing(organisation_id=endpoint.organisation_id, endpoint_id=endpoint.id))


def _waiting_at(session: Session, endpoint_id: UUID, at: datetime) -> None:
    """All that waits for an endpoint is due then."""
    session.execute(update(WebhookDelivery).where(_waiting_for(endpoint_id)).values(next_attempt_at=at))


def _waiting_for(endpoint_id: UUID) -> ColumnElement[bool]:
    return and_(
        WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == WAITING, WebhookDelivery.type != TEST
    )


def _sealed(delivery_id: UUID, response: bytes) -> bytes:
    return key_ring().seal(response, Place("webhook_deliveries", "response", delivery_id))
