"""Writing journal entries. What is written stays; a correction is a reversal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.db import add_rows
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
    accounts = _accounts(session, lines)
    add_rows(
        session,
        Posting,
        [
            {
                "id": new_id(),
                "entry_id": entry_id,
                "account_id": accounts[_account_of(line)],
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


_Account = tuple[str, UUID | None, str]


def _account_of(line: Line) -> _Account:
    return (str(line.account), line.organisation_id, line.amount.currency)


def _accounts(session: Session, lines: Sequence[Line]) -> dict[_Account, UUID]:
    """The ids of the lines' accounts; an account is opened on first use."""
    wanted = {_account_of(line) for line in lines}
    found = _known(session, wanted)
    missing = wanted - found.keys()
    if missing:
        session.execute(
            upsert(LedgerAccount).on_conflict_do_nothing(index_elements=["kind", "organisation_id", "currency"]),
            [
                {
                    "id": new_id(),
                    "kind": kind,
                    "organisation_id": organisation_id,
                    "currency": currency,
                    "created_at": clock.now(),
                }
                for kind, organisation_id, currency in sorted(missing, key=str)
            ],
        )
        found |= _known(session, missing)
    return found


def _known(session: Session, wanted: Collection[_Account]) -> dict[_Account, UUID]:
    rows = session.execute(
        select(LedgerAccount.kind, LedgerAccount.organisation_id, LedgerAccount.currency, LedgerAccount.id).where(
            LedgerAccount.kind.in_({kind for kind, _, _ in wanted}),
            LedgerAccount.currency.in_({currency for _, _, currency in wanted}),
            or_(
                LedgerAccount.organisation_id.is_(None),
                LedgerAccount.organisation_id.in_({one for _, one, _ in wanted if one is not None}),
            ),
        )
    )
    known = {(kind, organisation_id, currency): account_id for kind, organisation_id, currency, account_id in rows}
    return {account: known[account] for account in wanted if account in known}
