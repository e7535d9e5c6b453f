"""Sending again: one message, or all that an endpoint did not get since a moment."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.db import add_rows
from app.kit import clock
from app.kit.errors import Conflict
from app.outbox.service import emit
from app.webhooks.events import DeliveriesDue
from app.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from app.webhooks.queries import delivery as own_delivery
from app.webhooks.queries import endpoint as own_endpoint
from app.webhooks.rules import FAILED, OPEN, TEST, WAITING
from app.webhooks.service.recording import delivery_row

#: Most messages that were never on their way to the endpoint and are put there by one call.
_MISSED_AT_ONCE = 10_000
_AGAIN = {"state": WAITING, "attempts": 0, "first_attempt_at": None, "delivered_at": None}


def redeliver(session: Session, organisation_id: UUID, endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """Send one message again, with the id that it had. Raises ``NotFound``, and ``Conflict`` (``endpoint_closed``)
    where the endpoint is paused or switched off."""
    endpoint = _open(session, organisation_id, endpoint_id)
    row = own_delivery(session, organisation_id, endpoint_id, delivery_id, lock=True)
    if row.state != WAITING:
        for name, value in _AGAIN.items():
            setattr(row, name, value)
    row.next_attempt_at = clock.now()
    _put_to_work(session, endpoint)
    return row


def redeliver_since(session: Session, organisation_id: UUID, endpoint_id: UUID, since: datetime) -> int:
    """Send all that an endpoint did not get since a moment: what failed, and what happened while it was switched off
    or before it chose the type. Returns how many. Raises as ``redeliver``."""
    endpoint = _open(session, organisation_id, endpoint_id)
    failed = session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.state == FAILED,
            WebhookDelivery.type != TEST,
            WebhookDelivery.created_at >= since,
        )
        .values(next_attempt_at=clock.now(), **_AGAIN)
        .execution_options(synchronize_session=False)
    )
    missed = session.scalars(
        select(WebhookEvent)
        .where(
            WebhookEvent.organisation_id == organisation_id,
            WebhookEvent.type.in_(endpoint.events),
            WebhookEvent.created_at >= since,
            ~exists().where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.event_id == WebhookEvent.id),
        )
        .order_by(WebhookEvent.position)
        .limit(_MISSED_AT_ONCE)
    ).all()
    add_rows(
        session,
        WebhookDelivery,
        [
            delivery_row(endpoint, {"id": one.id, "position": one.position, "type": one.type, "subject": one.subject})
            for one in missed
        ],
    )
    count = int(failed.rowcount) + len(missed)  # type: ignore[attr-defined]
    if count:
        _put_to_work(session, endpoint)
        details = {"count": count}
        audit.record(session, organisation_id, "webhooks.sent_again", "webhook_endpoint", endpoint_id, details=details)
    return count


def _open(session: Session, organisation_id: UUID, endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = own_endpoint(session, organisation_id, endpoint_id, lock=True)
    if endpoint.state not in OPEN:
        raise Conflict("The endpoint is paused or switched off. Resume it first.", code="endpoint_closed")
    return endpoint


def _put_to_work(session: Session, endpoint: WebhookEndpoint) -> None:
    # A person asks: an endpoint that fails is tried at once.
    endpoint.retry_at = None
    emit(session, DeliveriesDue(organisation_id=endpoint.organisation_id, endpoint_id=endpoint.id))
