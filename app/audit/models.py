"""Tables of the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from app.db import BIG, Base, own


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id, read as an integer."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in SQL."""
        return "xid8"

    def result_processor(self, dialect: Any, coltype: Any) -> Any:  # noqa: ARG002
        """Transaction ids arrive as text."""
        return lambda value: None if value is None else int(value)


class AuditEvent(Base):
    """One thing that somebody did or read. ``details`` holds no personal data, so that erasing a person
    never breaks a seal; ``leaf`` is the SHA-256 over the canonical form of all other columns."""

    __tablename__ = "audit_events"
    __tenancy__ = own(append_only=True)
    __table_args__ = (
        Index(None, "organisation_id", "xid", "seq"),
        Index(None, "organisation_id", "object_id", "at"),
        Index(None, "xid"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    xid: Mapped[int] = mapped_column(Xid8(), server_default=text("pg_current_xact_id()"))
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    object_type: Mapped[str]
    object_id: Mapped[str]
    details: Mapped[dict[str, Any]]
    request_id: Mapped[str]
    leaf: Mapped[bytes]


class AuditSeal(Base):
    """A sealed batch: the events of transactions in ``[from_xid, to_xid)``, their Merkle root, and the hash
    that chains it to the batch before."""

    __tablename__ = "audit_seals"
    __tenancy__ = own(append_only=True)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    from_xid: Mapped[int] = mapped_column(BIG)
    to_xid: Mapped[int] = mapped_column(BIG)
    rows: Mapped[int]
    root: Mapped[bytes]
    previous: Mapped[bytes]
    hash: Mapped[bytes]
    sealed_at: Mapped[datetime]
