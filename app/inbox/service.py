"""Taking in hooks, once each, and opening them for handling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
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


def take_in(session: Session, received: Received) -> UUID | None:
    """Store a hook. None when it was here before: a duplicate changes nothing."""
    message_id = new_id()
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
            received_at=clock.now(),
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
    """Read a hook that is still to be handled; None when it has been."""
    row = session.get(InboxMessage, message_id)
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
    row = session.scalar(select(InboxMessage).where(InboxMessage.id == message_id).with_for_update())
    if row is None or row.state >= 2:
        return False
    row.state = 3 if refused else 2
    row.handled_at = clock.now()
    row.outcome = outcome
    return True
