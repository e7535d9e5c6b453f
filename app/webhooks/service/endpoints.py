"""Endpoints: adding, changing, pausing and removing them, and changing their secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import key_ring, settings
from app.db import current_scope
from app.identity.models import Organisation
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Conflict, Invalid
from app.kit.ids import new_id
from app.notifications.service import resolve
from app.outbox.service import emit
from app.webhooks.events import DeliveriesDue
from app.webhooks.models import WebhookDelivery, WebhookEndpoint
from app.webhooks.queries import endpoint as own_endpoint
from app.webhooks.rules import (
    ACTIVE,
    FAILED,
    LONGEST_OVERLAP,
    MOST_ENDPOINTS,
    PAUSED,
    WAITING,
    types_of,
    url_problem,
)
from app.webhooks.signing import new_secret

_LONGEST_DESCRIPTION = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSpec:
    """What is said of an endpoint."""

    url: str
    events: Sequence[str]
    description: str = ""


def add_endpoint(session: Session, organisation_id: UUID, spec: EndpointSpec) -> tuple[WebhookEndpoint, str]:
    """Add an endpoint. Returns it and its secret, which is shown this once. Raises ``Invalid`` and ``Conflict``
    (``too_many_endpoints``)."""
    _check(session, organisation_id, spec)
    # Two additions at once are counted one after the other.
    count = len(
        session.scalars(
            select(WebhookEndpoint.id)
            .where(WebhookEndpoint.organisation_id == organisation_id, WebhookEndpoint.removed_at.is_(None))
            .with_for_update()
        ).all()
    )
    if count >= MOST_ENDPOINTS:
        raise Conflict(f"There are {MOST_ENDPOINTS} endpoints already. Remove one first.", code="too_many_endpoints")
    endpoint_id, secret = new_id(), new_secret()
    endpoint = WebhookEndpoint(
        id=endpoint_id,
        organisation_id=organisation_id,
        url=spec.url,
        description=spec.description.strip(),
        events=sorted(set(spec.events)),
        secret=_sealed(endpoint_id, "secret", secret),
        state=ACTIVE,
        failures=0,
        created_by=current_scope().actor,
        created_at=clock.now(),
    )
    session.add(endpoint)
    session.flush()
    details = {"events": endpoint.events}
    audit.record(session, organisation_id, "webhooks.endpoint_added", "webhook_endpoint", endpoint_id, details=details)
    return endpoint, secret


def change_endpoint(session: Session, organisation_id: UUID, endpoint_id: UUID, spec: EndpointSpec) -> WebhookEndpoint:
    """Change where an endpoint is and what it is told. What waits for it goes to the new address. Raises as
    ``add_endpoint``, and ``NotFound``."""
    _check(session, organisation_id, spec)
    endpoint = own_endpoint(session, organisation_id, endpoint_id, lock=True)
    endpoint.url, endpoint.description = spec.url, spec.description.strip()
    endpoint.events = sorted(set(spec.events))
    details = {"events": endpoint.events}
    audit.record(
        session, organisation_id, "webhooks.endpoint_changed", "webhook_endpoint", endpoint_id, details=details
    )
    return endpoint


def pause_endpoint(session: Session, organisation_id: UUID, endpoint_id: UUID) -> WebhookEndpoint:
    """Send nothing for now: what happens meanwhile waits."""
    endpoint = own_endpoint(session, organisation_id, endpoint_id, lock=True)
    if endpoint.state != PAUSED:
        endpoint.state = PAUSED
        audit.record(session, organisation_id, "webhooks.endpoint_paused", "webhook_endpoint", endpoint_id)
    return endpoint


def resume_endpoint(session: Session, organisation_id: UUID, endpoint_id: UUID) -> WebhookEndpoint:
    """Send again, all that waits at once; also after an endpoint was switched off for its failures."""
    endpoint = own_endpoint(session, organisation_id, endpoint_id, lock=True)
    endpoint.state, endpoint.failures = ACTIVE, 0
    endpoint.failing_since = endpoint.retry_at = endpoint.told_at = None
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == WAITING)
        .values(next_attempt_at=clock.now())
    )
    resolve(session, organisation_id, trouble(endpoint_id))
    emit(session, DeliveriesDue(organisation_id=organisation_id, endpoint_id=endpoint_id))
    audit.record(session, organisation_id, "webhooks.endpoint_resumed", "webhook_endpoint", endpoint_id)
    return endpoint


def remove_endpoint(session: Session, organisation_id: UUID, endpoint_id: UUID) -> None:
    """End an endpoint: nothing more is sent, and its secrets are forgotten."""
    endpoint = own_endpoint(session, organisation_id, endpoint_id, lock=True)
    endpoint.removed_at = clock.now()
    endpoint.secret = endpoint.previous_secret = endpoint.previous_until = None
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == WAITING)
        .values(state=FAILED, error="endpoint_removed")
    )
    resolve(session, organisation_id, trouble(endpoint_id))
    audit.record(session, organisation_id, "webhooks.endpoint_removed", "webhook_endpoint", endpoint_id)


def rotate_secret(
    session: Session, organisation_id: UUID, endpoint_id: UUID, *, overlap: timedelta
) -> tuple[WebhookEndpoint, str]:
    """Give an endpoint a new secret; messages are signed with the old one too for ``overlap``. One that was still
    going on from the change before ends at once. Returns the endpoint and the new secret, which is shown this once.
    Raises ``NotFound``, and ``Invalid`` for an overlap below zero or beyond 30 days."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        message = f"The old secret goes on for at most {LONGEST_OVERLAP.days} days."
        raise Invalid.field("overlap_hours", "out_of_range", message)
    endpoint = own_endpoint(session, organisation_id, endpoint_id, lock=True)
    secret = new_secret()
    if overlap:
        endpoint.previous_secret = _sealed(endpoint_id, "previous_secret", secret_of(endpoint))
        endpoint.previous_until = clock.now() + overlap
    else:
        endpoint.previous_secret = endpoint.previous_until = None
    endpoint.secret = _sealed(endpoint_id, "secret", secret)
    audit.record(session, organisation_id, "webhooks.secret_rotated", "webhook_endpoint", endpoint_id)
    return endpoint, secret


def secret_of(endpoint: WebhookEndpoint) -> str:
    """The secret in the clear, of an endpoint that is not removed."""
    assert endpoint.secret is not None
    return key_ring().open(endpoint.secret, Place("webhook_endpoints", "secret", endpoint.id)).decode()


def signing_secrets(endpoint: WebhookEndpoint) -> tuple[str, ...]:
    """The secrets that sign a message now: the newest first, then the one before while it goes on."""
    secrets = [secret_of(endpoint)]
    if (
        endpoint.previous_secret is not None
        and endpoint.previous_until is not None
        and clock.now() < endpoint.previous_until
    ):
        place = Place("webhook_endpoints", "previous_secret", endpoint.id)
        secrets.append(key_ring().open(endpoint.previous_secret, place).decode())
    return tuple(secrets)


def trouble(endpoint_id: UUID) -> str:
    """The name of the notice that an endpoint fails."""
    return f"webhook_failing:{endpoint_id}"


def _sealed(endpoint_id: UUID, column: str, secret: str) -> bytes:
    return key_ring().seal(secret.encode(), Place("webhook_endpoints", column, endpoint_id))


def _check(session: Session, organisation_id: UUID, spec: EndpointSpec) -> None:
    configured = settings()
    plain_allowed = configured.environment != "production" and bool(configured.allowed_hosts)
    problem = url_problem(spec.url, plain_allowed=plain_allowed)
    if problem is not None:
        raise Invalid.field("url", "url_refused", problem)
    if len(spec.description) > _LONGEST_DESCRIPTION:
        raise Invalid.field("description", "too_long", f"Use at most {_LONGEST_DESCRIPTION} characters.")
    kind = session.get_one(Organisation, organisation_id).kind
    known = {one.name for one in types_of(kind)}
    if not spec.events or set(spec.events) - known:
        raise Invalid.field("events", "unknown_event", f"Choose at least one of: {', '.join(sorted(known))}.")
