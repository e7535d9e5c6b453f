"""Tables of the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import BIG, SYSTEM_INSERTABLE, Base, own


class AuditEvent(Base):
    """One thing that somebody did or read. ``details`` holds no personal data, so that erasing a person
    never breaks a seal; ``leaf`` is the SHA-256 over the canonical form of all other columns."""

    __tablename__ = "audit_events"
    __tenancy__ = own(append_only=True)
    __table_args__ = (
        Index(None, "organisation_id", "id"),
        Index(None, "organisation_id", "object_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    object_type: Mapped[str]
    object_id: Mapped[str]
    details: Mapped[dict[str, Any]]
    request_id: Mapped[str]
    leaf: Mapped[bytes]


class AuditWaiting(Base):
    """An event that no seal names yet. Written in the event's transaction, deleted in the seal's: an event
    whose transaction ends late is sealed late, and nothing depends on numbers of one database cluster."""

    __tablename__ = "audit_waiting"
    __tenancy__ = SYSTEM_INSERTABLE

    event_id: Mapped[UUID] = mapped_column(primary_key=True)


class AuditSeal(Base):
    """A sealed batch: which events it holds, their Merkle root, and the hash that chains it to the batch before.

    ``events`` are the ids (16 bytes each) and ``leaves`` the hashes (32 bytes each) in the order of the tree,
    so that a check can say which event is gone or altered.
    """

    __tablename__ = "audit_seals"
    __tenancy__ = own(append_only=True)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    rows: Mapped[int]
    events: Mapped[bytes]
    leaves: Mapped[bytes]
    root: Mapped[bytes]
    previous: Mapped[bytes]
    hash: Mapped[bytes]
    sealed_at: Mapped[datetime]
