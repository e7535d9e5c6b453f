"""Writing journal entries. What is written stays; a correction is a reversal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.kit import clock
from app.kit.ids import new_id
from app.kit.money import Money
from app.ledger.models import JournalEntry, LedgerAccount, Posting
from app.ledger.rules import AccountKind, Line, check_balanced


def post(
    session: Session,
    *,
    key: str,
    kind: str,
    reference: tuple[str, UUID | str],
    description: str,
    lines: Sequence[Line],
    occurred_at: datetime | None = None,
    details: dict[str, Any] | None = None,
    reverses: UUID | None = None,
) -> UUID | None:
    """Write one balanced entry. None when an entry with this key, or another reversal of ``reverses``, is there
    already: the fact was booked.

    Lines of zero are left out. Raises ``Unbalanced``.
    """
    lines = [line for line in lines if line.amount]
    check_balanced(lines)
    now = clock.now()
    entry_id: UUID | None = session.scalar(
        upsert(JournalEntry)
        .values(
            id=new_id(),
            idempotency_key=key,
            kind=kind,
            reference_type=reference[0],
            reference_id=str(reference[1]),
            description=description,
            details=details or {},
            reverses_id=reverses,
            occurred_at=occurred_at or now,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(JournalEntry.id)
    )
    if entry_id is None:
        return None
    accounts = {line: _account(session, line) for line in dict.fromkeys(lines)}
    session.execute(
        insert(Posting),
        [
            {
                "id": new_id(),
                "entry_id": entry_id,
                "account_id": accounts[line],
                "amount": line.amount.minor,
                "currency": line.amount.currency,
            }
            for line in lines
        ],
    )
    return entry_id


def reverse(session: Session, entry_id: UUID, *, key: str, description: str) -> UUID | None:
    """Write the opposite of an entry. None when that was done before, under whatever key."""
    entry = session.get_one(JournalEntry, entry_id)
    rows = session.execute(
        select(LedgerAccount.kind, LedgerAccount.organisation_id, Posting.amount, Posting.currency)
        .join(LedgerAccount, LedgerAccount.id == Posting.account_id)
        .where(Posting.entry_id == entry_id)
    )
    lines = [
        Line(AccountKind(kind), Money(-amount, currency), organisation_id)
        for kind, organisation_id, amount, currency in rows
    ]
    return post(
        session,
        key=key,
        kind=f"{entry.kind}.reversed",
        reference=(entry.reference_type, entry.reference_id),
        description=description,
        lines=lines,
        details={"reverses": str(entry_id)},
        reverses=entry_id,
    )


def _account(session: Session, line: Line) -> UUID:
    """The account's id; the account is opened on first use."""
    wanted = (
        LedgerAccount.kind == line.account,
        LedgerAccount.organisation_id.is_not_distinct_from(line.organisation_id),
        LedgerAccount.currency == line.amount.currency,
    )
    found = session.scalar(select(LedgerAccount.id).where(*wanted))
    if found is not None:
        return found
    session.execute(
        upsert(LedgerAccount)
        .values(
            id=new_id(),
            kind=line.account,
            organisation_id=line.organisation_id,
            currency=line.amount.currency,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["kind", "organisation_id", "currency"])
    )
    return session.scalars(select(LedgerAccount.id).where(*wanted)).one()
