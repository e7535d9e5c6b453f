"""Taking in hooks, once each, and opening them for handling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.config import key_ring
from app.db import table_of
from app.inbox.models import InboxMessage
from app.kit import clock
from app.kit.crypto import Place
from app.kit.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A hook whose signature has been checked. ``external_id`` is the sender's id of this message."""

    source: str
    external_id: str
    topic: str
    headers: dict[str, str]
    body: bytes
    triggered_at: datetime | None = None


def take_in(session: Session, received: Received, *, ignored: str | None = None) -> UUID | None:
    """Store a hook. None when it was here before: a duplicate changes nothing. With ``ignored``, the reason why it
    does not concern us, it is kept as handled and no job looks at it."""
    message_id, now = new_id(), clock.now()
    sealed = key_ring().seal(received.body, Place("inbox_messages", "body", message_id))
    return session.connection().scalar(
        insert(table_of(InboxMessage))
        .values(
            id=message_id,
            source=received.source,
            external_id=received.external_id,
            topic=received.topic,
            headers=received.headers,
            body=sealed,
            triggered_at=received.triggered_at,
            received_at=now,
            **({} if ignored is None else {"state": 2, "handled_at": now, "outcome": f"ignored: {ignored}"}),
        )
        .on_conflict_do_nothing(index_elements=["source", "external_id"])
        .returning(InboxMessage.id)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedMessage:
    """A stored hook with its body in the clear."""

    id: UUID
    source: str
    external_id: str
    topic: str
    headers: dict[str, Any]
    body: bytes
    triggered_at: datetime | None
    received_at: datetime


def open_message(session: Session, message_id: UUID) -> OpenedMessage | None:
    """Read a hook that is still to be handled, and lock it for the transaction; None when it has been handled."""
    row = session.get(InboxMessage, message_id, with_for_update=True)
    if row is None or row.state >= 2 or row.body is None:
        return None
    return OpenedMessage(
        id=row.id,
        source=row.source,
        external_id=row.external_id,
        topic=row.topic,
        headers=row.headers,
        body=key_ring().open(row.body, Place("inbox_messages", "body", row.id)),
        triggered_at=row.triggered_at,
        received_at=row.received_at,
    )


def close_message(session: Session, message_id: UUID, outcome: str, *, refused: bool = False) -> bool:
    """Mark a hook as handled, in the transaction of its effect. False when another worker was first:
    then the caller's effect must not happen either."""
    done = session.connection().execute(
        update(table_of(InboxMessage))
        .where(InboxMessage.id == message_id, InboxMessage.state < 2)
        .values(state=3 if refused else 2, handled_at=clock.now(), outcome=outcome)
    )
    return done.rowcount == 1
