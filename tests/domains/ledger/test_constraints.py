"""What the database itself refuses of the ledger, whatever the code in front of it does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import db
from app.kit import clock
from app.kit.ids import new_id
from app.kit.money import Money
from app.ledger.models import JournalEntry, LedgerAccount, Posting
from app.ledger.queries import balances, entries_about
from app.ledger.rules import AccountKind, Line
from app.ledger.service import post, reverse

BALANCE, PAYABLE = AccountKind.PROCESSOR_BALANCE, AccountKind.SUPPLIER_PAYABLE

pytestmark = pytest.mark.usefixtures("committed", "system")


def entry(key: str, **more: UUID) -> JournalEntry:
    """An entry without postings, as a mistake in our code would write it."""
    now = clock.now()
    return JournalEntry(
        id=new_id(),
        idempotency_key=key,
        kind="test",
        reference_type="order",
        reference_id="1",
        description="A test.",
        details={},
        occurred_at=now,
        created_at=now,
        **more,
    )


def book(session: Session, key: str, amount: int = 500) -> UUID:
    """A sound entry."""
    lines = [Line(BALANCE, Money(amount, "USD")), Line(PAYABLE, Money(-amount, "USD"))]
    made = post(session, key=key, kind="test", reference=("order", "1"), description="A test.", lines=lines)
    assert made is not None
    return made


def count() -> int:
    """How many entries there are."""
    with db.transaction() as session:
        return session.scalar(select(func.count()).select_from(JournalEntry)) or 0


def test_an_entry_without_postings_is_refused_at_the_commit() -> None:
    with pytest.raises(IntegrityError, match="has no postings"), db.transaction() as session:
        session.add(entry("empty"))
    assert count() == 0


def test_an_entry_may_get_its_postings_later_in_its_transaction() -> None:
    with db.transaction() as session:
        book(session, "first")
        late = entry("late")
        session.add(late)
        session.flush()
        accounts = {kind: id_ for id_, kind in session.execute(select(LedgerAccount.id, LedgerAccount.kind))}
        for kind, amount in ((BALANCE, 1), (PAYABLE, -1)):
            session.add(
                Posting(id=new_id(), entry_id=late.id, account_id=accounts[kind], amount=amount, currency="USD")
            )
    assert count() == 2


def test_a_posting_in_another_currency_than_its_accounts_is_refused() -> None:
    with db.transaction() as session:
        book(session, "first")
    with pytest.raises(IntegrityError, match="fk_postings_account_id_currency"), db.transaction() as session:
        wrong = entry("wrong")
        session.add(wrong)
        session.flush()
        for account in session.scalars(select(LedgerAccount.id)):
            session.add(Posting(id=new_id(), entry_id=wrong.id, account_id=account, amount=7, currency="EUR"))
    assert count() == 1


def test_an_entry_is_reversed_once_whatever_the_key() -> None:
    with db.transaction() as session:
        booked = book(session, "first")
        assert reverse(session, booked, key="one", description="A mistake.") is not None
    with db.transaction() as session:
        assert reverse(session, booked, key="another", description="Once more.") is None
    with db.transaction() as session:
        assert len(entries_about(session, "order", "1")) == 2
        assert {one.amount.minor for one in balances(session)} == {0}


def test_the_database_refuses_a_second_reversal() -> None:
    with db.transaction() as session:
        booked = book(session, "first")
        reverse(session, booked, key="one", description="A mistake.")
    with pytest.raises(IntegrityError, match="uq_journal_entries_reverses_id"), db.transaction() as session:
        session.add(entry("another", reverses_id=booked))
    assert count() == 2


def test_a_reversal_names_an_entry_that_is_there() -> None:
    with pytest.raises(IntegrityError, match="fk_journal_entries_reverses_id"), db.transaction() as session:
        session.add(entry("lost", reverses_id=uuid4()))


def test_two_reversals_at_once_are_one() -> None:
    with db.transaction() as session:
        booked = book(session, "first")
    together = Barrier(4)

    def undo(number: int) -> bool:
        with db.system_scope(actor="test"), db.transaction() as session:
            together.wait(20)
            return reverse(session, booked, key=f"reversal:{number}", description="A mistake.") is not None

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(undo, range(4))) == [False] * 3 + [True]
    with db.transaction() as session:
        assert {one.amount.minor for one in balances(session)} == {0}
