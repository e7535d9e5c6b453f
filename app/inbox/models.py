"""Tables of the inbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import SYSTEM, Base, own


class InboxMessage(Base):
    """A verified hook, exactly as it came. (source, external_id) is unique: a second delivery of the same
    message changes nothing. The body may hold a shopper's address and is sealed."""

    __tablename__ = "inbox_messages"
    __tenancy__ = SYSTEM
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_inbox_messages_open", "received_at", postgresql_where=text("state = 0")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: Who sent it, for example ``shopify:northwind.myshopify.com`` or ``stripe``.
    source: Mapped[str]
    external_id: Mapped[str]
    topic: Mapped[str]
    #: The headers that handling needs (API version, event id, trigger time).
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes | None]
    #: When the sender says it happened; stale messages are recognised by it.
    triggered_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    #: 0 new, 1 handed to a job, 2 handled, 3 refused (``outcome`` says why).
    state: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class KeyedRequest(Base):
    """The first answer to an API request that carried an ``Idempotency-Key``."""

    __tablename__ = "keyed_requests"
    __tenancy__ = own()
    __table_args__ = (UniqueConstraint("organisation_id", "key"), Index(None, "created_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    key: Mapped[str]
    #: SHA-256 of method, path and body: the same key with another is refused.
    fingerprint: Mapped[bytes]
    status: Mapped[int | None]
    body: Mapped[bytes | None]
    created_at: Mapped[datetime]
