"""Tables of the ledger. Rows are written once; the database refuses to change or delete them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import BIG, SYSTEM, Base, Tenancy

_APPEND_ONLY = Tenancy("system", append_only=True)


class LedgerAccount(Base):
    """A place where money stands: of the platform, or of one organisation, in one currency."""

    __tablename__ = "ledger_accounts"
    __tenancy__ = SYSTEM
    __table_args__ = (
        UniqueConstraint("kind", "organisation_id", "currency", postgresql_nulls_not_distinct=True),
        UniqueConstraint("id", "currency"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: One of ``app.ledger.rules.AccountKind``.
    kind: Mapped[str]
    organisation_id: Mapped[UUID | None]
    currency: Mapped[str]
    created_at: Mapped[datetime]


class JournalEntry(Base):
    """One movement of money. The idempotency key makes it impossible to book a fact twice. A deferred trigger
    refuses an entry without postings, another one whose postings do not sum to zero."""

    __tablename__ = "journal_entries"
    __tenancy__ = _APPEND_ONLY
    __table_args__ = (Index(None, "reference_type", "reference_id"), Index(None, "occurred_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    reference_type: Mapped[str]
    reference_id: Mapped[str]
    description: Mapped[str]
    details: Mapped[dict[str, Any]]
    #: The entry whose opposite this is; an entry is reversed once.
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("journal_entries.id"), unique=True)
    #: When it happened in the world; ``created_at`` is when we wrote it down.
    occurred_at: Mapped[datetime]
    created_at: Mapped[datetime]


class Posting(Base):
    """A line of an entry: positive is a debit, negative a credit, in minor units of its account's currency."""

    __tablename__ = "postings"
    __tenancy__ = _APPEND_ONLY
    __table_args__ = (
        CheckConstraint("amount <> 0", name="not_zero"),
        ForeignKeyConstraint(["account_id", "currency"], ["ledger_accounts.id", "ledger_accounts.currency"]),
        Index(None, "account_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("journal_entries.id"), index=True)
    account_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BIG)
    currency: Mapped[str]
