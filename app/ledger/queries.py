"""Reads of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kit.money import Money
from app.ledger.models import JournalEntry, LedgerAccount, Posting
from app.ledger.rules import AccountKind


@dataclass(frozen=True, slots=True)
class Balance:
    """What stands on an account; positive is debit."""

    account: AccountKind
    organisation_id: UUID | None
    amount: Money


def balances(session: Session) -> Sequence[Balance]:
    """Every account's balance."""
    rows = session.execute(
        select(
            LedgerAccount.kind,
            LedgerAccount.organisation_id,
            LedgerAccount.currency,
            func.sum(Posting.amount),
        )
        .join(Posting, Posting.account_id == LedgerAccount.id)
        .group_by(LedgerAccount.id)
        .order_by(LedgerAccount.kind, LedgerAccount.currency)
    )
    return [
        Balance(AccountKind(kind), organisation_id, Money(int(amount), currency))
        for kind, organisation_id, currency, amount in rows
    ]


def balance(session: Session, account: AccountKind, currency: str, organisation_id: UUID | None = None) -> Money:
    """One account's balance; positive is debit."""
    amount = session.scalar(
        select(func.coalesce(func.sum(Posting.amount), 0))
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(
            LedgerAccount.kind == account,
            LedgerAccount.currency == currency,
            LedgerAccount.organisation_id.is_not_distinct_from(organisation_id),
        )
    )
    return Money(int(amount or 0), currency)


def unbalanced_entries(session: Session) -> Sequence[UUID]:
    """Entries that do not sum to zero in some currency: always none, and checked every night."""
    return session.scalars(
        select(Posting.entry_id).group_by(Posting.entry_id, Posting.currency).having(func.sum(Posting.amount) != 0)
    ).all()


def entries_about(session: Session, reference_type: str, reference_id: str) -> Sequence[JournalEntry]:
    """The entries of one object, oldest first."""
    return session.scalars(
        select(JournalEntry)
        .where(JournalEntry.reference_type == reference_type, JournalEntry.reference_id == reference_id)
        .order_by(JournalEntry.created_at)
    ).all()
