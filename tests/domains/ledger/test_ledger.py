"""The ledger: every entry balances in each currency, is booked once, and stays as it was written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import psycopg2
import psycopg2.errors
import psycopg2.extras
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import db
from app.kit.ids import new_id
from app.kit.money import Money
from app.ledger.models import JournalEntry, LedgerAccount, Posting
from app.ledger.queries import balance, balances, entries_about, unbalanced_entries
from app.ledger.rules import AccountKind, Line, Unbalanced, check_balanced
from app.ledger.service import post, reverse

BALANCE, FEES, PAYABLE = AccountKind.PROCESSOR_BALANCE, AccountKind.PROCESSOR_FEES, AccountKind.SUPPLIER_PAYABLE
CURRENCIES = ("USD", "EUR", "JPY")

some_lines = st.lists(
    st.builds(
        Line,
        st.sampled_from(AccountKind),
        st.builds(Money, st.integers(-(10**12), 10**12), st.sampled_from(CURRENCIES)),
        st.sampled_from([None, UUID(int=1), UUID(int=2)]),
    ),
    max_size=6,
)


def sums(lines: list[Line]) -> dict[str, int]:
    """What the lines add up to, by currency."""
    found: defaultdict[str, int] = defaultdict(int)
    for line in lines:
        found[line.amount.currency] += line.amount.minor
    return {currency: amount for currency, amount in found.items() if amount}


def completed(lines: list[Line]) -> list[Line]:
    """The lines, and what is missing to make them balance."""
    return lines + [Line(AccountKind.EXCHANGE, Money(-amount, currency)) for currency, amount in sums(lines).items()]


def book(session: Session, *lines: tuple[AccountKind, int], key: str | None = None, currency: str = "USD") -> UUID:
    """An entry of these amounts, which must be new."""
    entry = post(
        session,
        key=key or f"test:{uuid4()}",
        kind="test",
        reference=("order", "1"),
        description="A test.",
        lines=[Line(kind, Money(amount, currency)) for kind, amount in lines],
    )
    assert entry is not None
    return entry


@given(some_lines)
def test_lines_are_taken_only_when_they_balance_in_every_currency(lines: list[Line]) -> None:
    if lines and not sums(lines):
        check_balanced(lines)
    else:
        with pytest.raises(Unbalanced):
            check_balanced(lines)


@given(some_lines.filter(bool))
def test_lines_that_are_completed_balance_and_one_unit_more_does_not(lines: list[Line]) -> None:
    whole = completed(lines)
    check_balanced(whole)
    off = Line(whole[0].account, Money(whole[0].amount.minor + 1, whole[0].amount.currency), whole[0].organisation_id)
    with pytest.raises(Unbalanced):
        check_balanced([off, *whole[1:]])


@given(entries=st.lists(some_lines.filter(lambda lines: any(line.amount for line in lines)), max_size=4))
@examples(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_booked_balances_and_accounts_hold_the_sum_of_their_lines(
    session: Session, entries: list[list[Line]]
) -> None:
    point = session.begin_nested()
    expected: defaultdict[tuple[AccountKind, UUID | None, str], int] = defaultdict(int)
    for lines in map(completed, entries):
        assert post(session, key=str(uuid4()), kind="test", reference=("test", "1"), description="A test.", lines=lines)
        for line in lines:
            expected[line.account, line.organisation_id, line.amount.currency] += line.amount.minor
    session.connection().exec_driver_sql("set constraints all immediate")
    session.connection().exec_driver_sql("set constraints all deferred")
    assert unbalanced_entries(session) == []
    found = {(one.account, one.organisation_id, one.amount.currency): one.amount.minor for one in balances(session)}
    touched = {place: amount for place, amount in expected.items() if place in found}
    assert found == touched
    assert not any(amount for place, amount in expected.items() if place not in found)
    for (kind, organisation, currency), amount in expected.items():
        assert balance(session, kind, currency, organisation) == Money(amount, currency)
    point.rollback()


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [Line(BALANCE, Money(100, "USD"))],
        [Line(BALANCE, Money(100, "USD")), Line(PAYABLE, Money(-99, "USD"))],
        [Line(BALANCE, Money(100, "USD")), Line(PAYABLE, Money(-100, "EUR"))],
        [Line(BALANCE, Money(0, "USD")), Line(PAYABLE, Money(0, "USD"))],
        [Line(BALANCE, Money(100, "USD")), Line(PAYABLE, Money(0, "USD"))],
    ],
    ids=["nothing", "one side", "a unit is missing", "two currencies", "only zeros", "one side and a zero"],
)
def test_an_entry_that_does_not_balance_is_refused_and_nothing_is_written(session: Session, lines: list[Line]) -> None:
    with pytest.raises(Unbalanced):
        post(session, key="wrong", kind="test", reference=("order", "1"), description="A test.", lines=lines)
    assert session.scalar(select(func.count()).select_from(JournalEntry)) == 0
    assert session.scalar(select(func.count()).select_from(Posting)) == 0


@pytest.mark.parametrize(
    "amounts",
    [[(100, "USD")], [(100, "USD"), (-99, "USD")], [(100, "USD"), (-100, "EUR")]],
    ids=["one side", "a unit is missing", "two currencies"],
)
@pytest.mark.usefixtures("committed", "system")
def test_the_database_itself_refuses_what_does_not_balance(amounts: list[tuple[int, str]]) -> None:
    refusal = "does not balance|fk_postings_account_id_currency"
    with pytest.raises(IntegrityError, match=refusal), db.transaction() as session:
        entry = book(session, (BALANCE, 500), (PAYABLE, -500))
        account = session.scalars(select(LedgerAccount.id).limit(1)).one()
        for amount, currency in amounts:
            session.add(Posting(id=new_id(), entry_id=entry, account_id=account, amount=amount, currency=currency))
    with db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(JournalEntry)) == 0


def test_a_posting_of_nothing_is_refused_by_the_database(session: Session) -> None:
    entry = book(session, (BALANCE, 500), (PAYABLE, -500))
    account = session.scalars(select(LedgerAccount.id).limit(1)).one()
    session.add(Posting(id=new_id(), entry_id=entry, account_id=account, amount=0, currency="USD"))
    with pytest.raises(IntegrityError, match="not_zero"):
        session.flush()


def test_the_same_key_books_once(session: Session) -> None:
    first = book(session, (BALANCE, 500), (PAYABLE, -500), key="charge:1")
    again = post(
        session,
        key="charge:1",
        kind="test",
        reference=("order", "1"),
        description="Again.",
        lines=[Line(BALANCE, Money(700, "USD")), Line(PAYABLE, Money(-700, "USD"))],
    )
    assert again is None
    assert [entry.id for entry in entries_about(session, "order", "1")] == [first]
    assert balance(session, BALANCE, "USD") == Money(500, "USD")


@pytest.mark.usefixtures("committed")
def test_the_same_key_from_many_at_once_books_once() -> None:
    together = Barrier(8)

    def charge(_: int) -> bool:
        with db.system_scope(actor="test"), db.transaction() as session:
            together.wait(20)
            lines = [Line(BALANCE, Money(500, "USD")), Line(PAYABLE, Money(-500, "USD"), UUID(int=7))]
            return (
                post(session, key="charge:1", kind="test", reference=("order", "1"), description="A test.", lines=lines)
                is not None
            )

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(charge, range(8))) == [False] * 7 + [True]
    with db.system_scope(actor="test"), db.transaction() as session:
        assert balance(session, PAYABLE, "USD", UUID(int=7)) == Money(-500, "USD")
        assert session.scalar(select(func.count()).select_from(LedgerAccount)) == 2


@pytest.mark.usefixtures("committed")
def test_an_account_that_many_use_first_at_once_is_opened_once() -> None:
    together = Barrier(8)

    def charge(number: int) -> None:
        with db.system_scope(actor="test"), db.transaction() as session:
            together.wait(20)
            book(session, (BALANCE, 500), (PAYABLE, -500), key=f"charge:{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(charge, range(8)))
    with db.system_scope(actor="test"), db.transaction() as session:
        assert session.scalar(select(func.count()).select_from(LedgerAccount)) == 2
        assert balance(session, BALANCE, "USD") == Money(4000, "USD")


def test_a_reversal_brings_every_account_back_and_names_what_it_reverses(session: Session) -> None:
    supplier = uuid4()
    entry = post(
        session,
        key="charge:1",
        kind="charge",
        reference=("order", "1"),
        description="A test.",
        lines=[
            Line(BALANCE, Money(470, "USD")),
            Line(FEES, Money(30, "USD")),
            Line(PAYABLE, Money(-500, "USD"), supplier),
            Line(AccountKind.EXCHANGE, Money(90, "EUR")),
            Line(PAYABLE, Money(-90, "EUR"), supplier),
        ],
    )
    assert entry is not None
    back = reverse(session, entry, key="charge:1:reversed", description="A mistake.")
    assert {one.amount.minor for one in balances(session)} == {0}
    first, second = entries_about(session, "order", "1")
    assert (first.id, second.id) == (entry, back)
    assert (second.kind, second.details) == ("charge.reversed", {"reverses": str(entry)})
    assert reverse(session, entry, key="charge:1:reversed", description="A mistake.") is None
    assert {one.amount.minor for one in balances(session)} == {0}


def test_balances_keep_organisations_and_currencies_apart(session: Session) -> None:
    one, other = uuid4(), uuid4()
    for number, (organisation, amount, currency) in enumerate([(one, 100, "USD"), (one, 7, "EUR"), (other, 20, "USD")]):
        post(
            session,
            key=f"payable:{number}",
            kind="test",
            reference=("test", "1"),
            description="A test.",
            lines=[Line(BALANCE, Money(amount, currency)), Line(PAYABLE, Money(-amount, currency), organisation)],
        )
    assert balance(session, PAYABLE, "USD", one) == Money(-100, "USD")
    assert balance(session, PAYABLE, "EUR", one) == Money(-7, "EUR")
    assert balance(session, PAYABLE, "USD", other) == Money(-20, "USD")
    assert balance(session, PAYABLE, "EUR", other) == Money(0, "EUR")
    assert balance(session, PAYABLE, "USD") == Money(0, "USD")
    assert balance(session, BALANCE, "USD") == Money(120, "USD")


@pytest.fixture
def booked(database_url: str, committed: None) -> Iterator[psycopg2.extensions.connection]:
    """A connection to a database that holds one entry."""
    with db.system_scope(actor="test"), db.transaction() as session:
        book(session, (BALANCE, 500), (PAYABLE, -500))
    connection = psycopg2.connect(database_url)
    yield connection
    connection.rollback()
    connection.close()


@pytest.mark.parametrize("role", [db.APP_ROLE, db.JOB_ROLE])
@pytest.mark.parametrize(
    "statement",
    [
        "update postings set amount = -amount",
        "delete from postings",
        "truncate postings",
        "update journal_entries set description = 'Nothing happened.'",
        "delete from journal_entries",
        "truncate journal_entries cascade",
    ],
)
def test_the_application_can_neither_change_nor_delete_what_is_booked(
    booked: psycopg2.extensions.connection, role: str, statement: str
) -> None:
    with booked.cursor() as cursor:
        cursor.execute("select set_config('role', %s, true)", (role,))
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement)


@pytest.mark.parametrize("table", ["journal_entries", "postings"])
def test_even_the_owner_of_the_tables_can_not_change_what_is_booked(
    booked: psycopg2.extensions.connection, table: str
) -> None:
    with booked.cursor() as cursor:
        for statement in (f"update {table} set id = id", f"delete from {table}"):
            cursor.execute("savepoint here")
            with pytest.raises(psycopg2.errors.RestrictViolation, match="written once"):
                cursor.execute(statement)
            cursor.execute("rollback to here")


def test_tenants_see_nothing_of_the_ledger(booked: psycopg2.extensions.connection) -> None:
    for table in ("journal_entries", "postings", "ledger_accounts"):
        with booked.cursor() as cursor:
            cursor.execute("select set_config('role', %s, true)", (db.APP_ROLE,))
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(f"select count(*) from {table}")
        booked.rollback()
