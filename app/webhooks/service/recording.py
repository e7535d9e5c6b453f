"""Recording what happened, for those organisations whose programs listen, and forgetting it after its time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Uuid,
    any_,
    bindparam,
    column,
    delete,
    func,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from app.db import add_rows, table_of
from app.identity.models import ApiKey
from app.kit import clock
from app.kit.errors import Conflict
from app.kit.ids import new_id
from app.outbox.service import emit
from app.webhooks.events import DeliveriesDue
from app.webhooks.models import WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookStream
from app.webhooks.queries import endpoint as own_endpoint
from app.webhooks.rules import (
    ACTIVE,
    DELIVERED,
    DELIVERED_KEPT,
    DISABLED,
    EVENTS_KEPT,
    FAILING,
    TEST,
    WAITING,
    link_of,
)

READ_EVENTS = "read:events"
_FORGOTTEN_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that an organisation's programs may hear of. ``kind`` is the organisation's; ``type`` is one of
    ``rules.EVENT_TYPES``, and ``data`` holds what that names: ids and small plain values, nothing personal."""

    organisation_id: UUID
    kind: str
    type: str
    subject: str
    data: dict[str, Any]


def listeners(session: Session, organisation_ids: Collection[UUID]) -> set[UUID]:
    """Those of the organisations that have an endpoint, or a key that may read events. Needs a system scope."""
    if not organisation_ids:
        return set()
    asked = {"organisations": list(organisation_ids), "now": clock.now()}
    return set(session.connection().execute(_LISTENERS, asked).scalars())


def anybody_listens(session: Session) -> bool:
    """Whether there is any such organisation. Needs a system scope."""
    return any(
        session.connection().scalar(query.limit(1), {"now": clock.now()}) is not None for query in (_ENDPOINTS, _KEYS)
    )


_ENDPOINTS = select(WebhookEndpoint.organisation_id).where(WebhookEndpoint.removed_at.is_(None))
_KEYS = select(ApiKey.organisation_id).where(
    ApiKey.scopes.contains([READ_EVENTS]),
    ApiKey.revoked_at.is_(None),
    ApiKey.expires_at > bindparam("now", type_=DateTime(timezone=True)),
)
_ASKED = bindparam("organisations", type_=ARRAY(Uuid))
#: Made once: it is asked with every look of the relay for facts.
_LISTENERS = union(
    _ENDPOINTS.where(WebhookEndpoint.organisation_id == any_(_ASKED)),
    _KEYS.where(ApiKey.organisation_id == any_(_ASKED)),
)


def record(session: Session, facts: Sequence[Fact]) -> None:
    """Write facts into the streams of those who listen, and put them on their way to the endpoints that chose their
    types. Nobody can look up what happened while it did not listen. Needs a system scope."""
    listening = listeners(session, {fact.organisation_id for fact in facts})
    heard = [fact for fact in facts if fact.organisation_id in listening]
    if not heard:
        return
    endpoints = session.scalars(
        select(WebhookEndpoint)
        .where(
            WebhookEndpoint.organisation_id.in_({fact.organisation_id for fact in heard}),
            WebhookEndpoint.removed_at.is_(None),
            WebhookEndpoint.state != DISABLED,
        )
        .order_by(WebhookEndpoint.id)
    ).all()
    events = _write_events(session, heard)
    deliveries = [
        delivery_row(endpoint, event)
        for event in events
        for endpoint in endpoints
        if endpoint.organisation_id == event["organisation_id"] and event["type"] in endpoint.events
    ]
    add_rows(session, WebhookDelivery, deliveries)
    waiting = {row["endpoint_id"] for row in deliveries}
    emit(
        session,
        *(
            DeliveriesDue(organisation_id=one.organisation_id, endpoint_id=one.id)
            for one in endpoints
            if one.id in waiting and one.state in (ACTIVE, FAILING)
        ),
    )


def send_test(session: Session, organisation_id: UUID, kind: str, endpoint_id: UUID) -> UUID:
    """Send a test event to one endpoint, also where it is paused or switched off. It is tried once. Returns the
    delivery. Raises ``NotFound``, and ``Conflict`` (``test_waits``) while another one is on its way."""
    endpoint = own_endpoint(session, organisation_id, endpoint_id, lock=True)
    waiting = session.scalar(
        select(WebhookDelivery.id).where(
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.type == TEST,
            WebhookDelivery.state == WAITING,
        )
    )
    if waiting is not None:
        raise Conflict("A test event is on its way already.", code="test_waits")
    fact = Fact(
        organisation_id=organisation_id,
        kind=kind,
        type=TEST,
        subject=f"test:{endpoint_id}",
        data={"endpoint_id": str(endpoint_id)},
    )
    (event,) = _write_events(session, [fact])
    row = delivery_row(endpoint, event)
    add_rows(session, WebhookDelivery, [row])
    emit(session, DeliveriesDue(organisation_id=organisation_id, endpoint_id=endpoint_id))
    delivery_id: UUID = row["id"]
    return delivery_id


def delivery_row(endpoint: WebhookEndpoint, event: dict[str, Any]) -> dict[str, Any]:
    """A delivery that is due at once, as it goes into the table."""
    now = clock.now()
    return {
        "id": new_id(),
        "organisation_id": endpoint.organisation_id,
        "endpoint_id": endpoint.id,
        "event_id": event["id"],
        "position": event["position"],
        "type": event["type"],
        "subject": event["subject"],
        "state": WAITING,
        "attempts": 0,
        "next_attempt_at": now,
        "created_at": now,
    }


def forget_old(session: Session) -> bool:
    """Delete what was delivered long ago, and events whose time is over with all that hangs on them; so many at a time
    that the statements stay short. Returns whether there is more. Needs a system scope."""
    now = clock.now()
    delivered = (WebhookDelivery.state == DELIVERED) & (WebhookDelivery.created_at < now - DELIVERED_KEPT)
    counts = (
        _delete_some(session, WebhookDelivery, delivered),
        _delete_some(session, WebhookEvent, WebhookEvent.created_at < now - EVENTS_KEPT),
    )
    return max(counts) == _FORGOTTEN_AT_ONCE


def _delete_some(
    session: Session, model: type[WebhookDelivery] | type[WebhookEvent], condition: ColumnElement[bool]
) -> int:
    some = select(model.id).where(condition).order_by(model.created_at).limit(_FORGOTTEN_AT_ONCE)
    done = session.execute(delete(model).where(model.id.in_(some)).execution_options(synchronize_session=False))
    return int(done.rowcount)  # type: ignore[attr-defined]


def _write_events(session: Session, facts: Sequence[Fact]) -> list[dict[str, Any]]:
    now = clock.now()
    last = _positions(session, Counter(fact.organisation_id for fact in facts))
    rows = [_event_row(fact, last, now) for fact in facts]
    add_rows(session, WebhookEvent, rows)
    return rows


def _event_row(fact: Fact, last: dict[UUID, int], now: datetime) -> dict[str, Any]:
    last[fact.organisation_id] += 1
    return {
        "id": new_id(),
        "organisation_id": fact.organisation_id,
        "position": last[fact.organisation_id],
        "type": fact.type,
        "subject": fact.subject,
        "data": fact.data,
        "link": link_of(fact.type, fact.kind, fact.data),
        "created_at": now,
    }


def _positions(session: Session, counts: Counter[UUID]) -> dict[UUID, int]:
    """Take so many positions of each stream; the streams are held, in the order of their ids, until the commit.
    Returns the positions before the first that was taken."""
    asked = {"organisations": list(counts), "counts": list(counts.values())}
    rows = session.connection().execute(_TAKING, asked)
    return {row.organisation_id: row.last_position - counts[row.organisation_id] for row in rows}


_STREAMS = table_of(WebhookStream)
#: How many positions of each stream are taken, in the order in which the streams are held.
_WANTED = (
    func.unnest(bindparam("organisations", type_=ARRAY(Uuid)), bindparam("counts", type_=ARRAY(BigInteger)))
    .table_valued(column("organisation_id", Uuid), column("positions", BigInteger))
    .render_derived(name="wanted")
)
_NEW = insert(_STREAMS).from_select(
    ["organisation_id", "last_position"],
    select(_WANTED.c.organisation_id, _WANTED.c.positions).order_by(_WANTED.c.organisation_id),
)
_TAKING = _NEW.on_conflict_do_update(
    index_elements=["organisation_id"],
    set_={"last_position": _STREAMS.c.last_position + _NEW.excluded.last_position},
).returning(_STREAMS.c.organisation_id, _STREAMS.c.last_position)
