"""Reads of suppliers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Uuid, any_, bindparam, case, false, func, literal, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.db import table_of
from app.kit import clock
from app.kit.days import day_of
from app.kit.errors import NotFound
from app.kit.paging import LARGEST_LIMIT, Page, bad_cursor, decode_cursor, page_of
from app.suppliers.models import (
    ReturnPolicy,
    ShippingRate,
    Supplier,
    SupplierAnswer,
    SupplierApplication,
    SupplierClosure,
    SupplierDocument,
    SupplierQuestion,
    SupplierStatusChange,
    TestOrder,
)
from app.suppliers.rules import ACTIVE, IN_REVIEW, Closure, Rate, Tier
from app.suppliers.rules.round_trip import Line, Trip

_BEST: ColumnElement[Any] = -func.coalesce(Supplier.score, -1)
_BY_NAME: ColumnElement[Any] = table_of(Supplier).c.company_name


def active_suppliers(
    session: Session,
    *,
    search: str | None = None,
    category_ids: Sequence[UUID] | None = None,
    country: str | None = None,
    business_type: str | None = None,
    min_rating: Decimal | None = None,
    best_first: bool = False,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Supplier]:
    """Suppliers that sell now, by name, or with ``best_first`` by score, the new ones last. ``category_ids`` are
    suppliers' ids when filtered by category."""
    limit = min(limit, LARGEST_LIMIT)
    first = _BEST if best_first else _BY_NAME
    query = select(Supplier).where(Supplier.status == ACTIVE).order_by(first, Supplier.id).limit(limit + 1)
    if search:
        query = query.where(Supplier.search_text.contains(search.casefold(), autoescape=True))
    if category_ids is not None:
        query = query.where(Supplier.id.in_(category_ids))
    if country:
        query = query.where(Supplier.country == country.upper())
    if business_type:
        query = query.where(Supplier.business_type == business_type)
    if min_rating is not None:
        query = query.where(Supplier.rating >= min_rating)
    if cursor:
        query = query.where(func.row(first, Supplier.id) > func.row(*decode_cursor(cursor, 2)))

    def place(supplier: Supplier) -> list[Any]:
        score = -1 if supplier.score is None else supplier.score
        return [-score if best_first else supplier.company_name, supplier.id]

    return page_of(session.scalars(query).all(), limit, place)


def supplier(session: Session, supplier_id: UUID) -> Supplier:
    """One supplier. Raises ``NotFound``."""
    found = session.get(Supplier, supplier_id)
    if found is None:
        raise NotFound("supplier")
    return found


def names(session: Session, supplier_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What suppliers are called."""
    rows = session.execute(select(Supplier.id, Supplier.company_name).where(Supplier.id.in_(list(supplier_ids))))
    return {supplier_id: name for supplier_id, name in rows}


def timezones(session: Session, supplier_ids: Iterable[UUID]) -> dict[UUID, str]:
    """By whose clock suppliers' days begin and end."""
    rows = session.execute(select(Supplier.id, Supplier.timezone).where(Supplier.id.in_(list(supplier_ids))))
    return {supplier_id: timezone for supplier_id, timezone in rows}


_RATES = select(table_of(ShippingRate)).where(
    table_of(ShippingRate).c.supplier_id == any_(bindparam("suppliers", type_=ARRAY(Uuid)))
)


def today_of(session: Session, supplier_id: UUID) -> date:
    """Which day it is where a supplier is."""
    return day_of(clock.now(), supplier(session, supplier_id).timezone)


def rates_of(session: Session, supplier_ids: Iterable[UUID]) -> dict[UUID, list[Rate]]:
    """The shipping rates of each supplier."""
    found: dict[UUID, list[Rate]] = {supplier_id: [] for supplier_id in supplier_ids}
    for row in session.connection().execute(_RATES, {"suppliers": list(found)}).all():
        found[row.supplier_id].append(
            Rate(
                row.name,
                tuple(row.countries),
                row.first_item,
                row.next_item,
                row.transit_days_min,
                row.transit_days_max,
                row.method,
                row.price_by,
                tuple(Tier(tier["up_to"], tier["price"]) for tier in row.tiers),
            )
        )
    return found


def closures(session: Session, supplier_id: UUID) -> Sequence[SupplierClosure]:
    """A supplier's closures that are not over, the next first."""
    return session.scalars(
        select(SupplierClosure)
        .where(SupplierClosure.supplier_id == supplier_id, SupplierClosure.ends_on >= clock.now().date())
        .order_by(SupplierClosure.starts_on)
    ).all()


def closures_of(session: Session, supplier_ids: Iterable[UUID]) -> dict[UUID, list[SupplierClosure]]:
    """The same of several suppliers."""
    found: dict[UUID, list[SupplierClosure]] = {supplier_id: [] for supplier_id in supplier_ids}
    rows = session.scalars(
        select(SupplierClosure)
        .where(SupplierClosure.supplier_id.in_(list(found)), SupplierClosure.ends_on >= clock.now().date())
        .order_by(SupplierClosure.starts_on)
    )
    for row in rows:
        found[row.supplier_id].append(row)
    return found


#: A supplier's closures that are not over as JSON ``[[first day, last day], …]``, for statements about suppliers;
#: ``today`` is bound to the day.
CLOSED = (
    select(
        func.coalesce(
            func.jsonb_agg(func.jsonb_build_array(SupplierClosure.starts_on, SupplierClosure.ends_on)),
            text("'[]'::jsonb"),
        )
    )
    .where(SupplierClosure.supplier_id == Supplier.id, SupplierClosure.ends_on >= bindparam("today", type_=Date))
    .correlate(Supplier)
    .scalar_subquery()
)


def as_closures(pairs: Iterable[Sequence[str]]) -> list[Closure]:
    """What ``CLOSED`` gave, as plain values."""
    return [Closure(date.fromisoformat(first), date.fromisoformat(last)) for first, last in pairs]


def shipping_rates(session: Session, supplier_id: UUID) -> Sequence[ShippingRate]:
    """A supplier's shipping rates, by name."""
    return session.scalars(
        select(ShippingRate).where(ShippingRate.supplier_id == supplier_id).order_by(ShippingRate.name)
    ).all()


def own_rate(session: Session, supplier_id: UUID, rate_id: UUID) -> ShippingRate:
    """One of a supplier's shipping rates. Raises ``NotFound``."""
    found = session.get(ShippingRate, rate_id)
    if found is None or found.supplier_id != supplier_id:
        raise NotFound("shipping rate")
    return found


def applications(
    session: Session, statuses: Sequence[str], *, search: str = "", limit: int = 50, cursor: str | None = None
) -> Page[tuple[Supplier, SupplierApplication]]:
    """Suppliers in the given statuses with what they applied with: first those that wait for a reviewer, the longest
    waiting first. ``search``: a part of the company's name. System scope."""
    turn = case((Supplier.status == IN_REVIEW, 0), else_=1)
    query = (
        select(Supplier, SupplierApplication)
        .join(SupplierApplication, SupplierApplication.supplier_id == Supplier.id)
        .where(Supplier.status.in_(statuses))
        .order_by(turn, SupplierApplication.submitted_at, Supplier.id)
        .limit(limit + 1)
    )
    if search.strip():
        query = query.where(func.lower(Supplier.company_name).contains(search.strip().lower(), autoescape=True))
    if cursor:
        place, moment, last_id = map(str, decode_cursor(cursor, 3))
        try:
            last = tuple_(literal(int(place)), literal(datetime.fromisoformat(moment)), literal(UUID(last_id)))
        except ValueError as error:
            raise bad_cursor() from error
        query = query.where(tuple_(turn, SupplierApplication.submitted_at, Supplier.id) > last)
    rows: list[tuple[Supplier, SupplierApplication]] = [
        (one, application) for one, application in session.execute(query)
    ]
    return page_of(
        rows, limit, lambda row: [int(row[0].status != IN_REVIEW), row[1].submitted_at.isoformat(), row[0].id]
    )


def count_in(session: Session, statuses: Sequence[str]) -> int:
    """How many suppliers are in these statuses."""
    return session.scalar(select(func.count()).select_from(Supplier).where(Supplier.status.in_(statuses))) or 0


def history(session: Session, supplier_id: UUID) -> Sequence[SupplierStatusChange]:
    """How a supplier's status came about, newest first."""
    return session.scalars(
        select(SupplierStatusChange)
        .where(SupplierStatusChange.supplier_id == supplier_id)
        .order_by(SupplierStatusChange.at.desc())
    ).all()


def application_of(session: Session, supplier_id: UUID) -> SupplierApplication:
    """What a supplier has told. Raises ``NotFound``."""
    found = session.get(SupplierApplication, supplier_id)
    if found is None:
        raise NotFound("supplier")
    return found


def papers(session: Session, supplier_id: UUID, *, ended: bool = False) -> Sequence[SupplierDocument]:
    """A supplier's papers, newest first; with ``ended`` also those that were replaced or removed. What came with an
    answer to a reviewer is no paper of the set-up."""
    query = select(SupplierDocument).where(
        SupplierDocument.supplier_id == supplier_id, SupplierDocument.answer_id.is_(None)
    )
    if not ended:
        query = query.where(SupplierDocument.ended_at.is_(None))
    return session.scalars(query.order_by(SupplierDocument.id.desc()).limit(200)).all()


def questions(session: Session, supplier_id: UUID, *, open_only: bool = False) -> Sequence[SupplierQuestion]:
    """What reviewers asked a supplier, newest first."""
    query = select(SupplierQuestion).where(SupplierQuestion.supplier_id == supplier_id)
    if open_only:
        query = query.where(SupplierQuestion.answered_at.is_(None))
    return session.scalars(query.order_by(SupplierQuestion.id.desc()).limit(100)).all()


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer, with the documents that came with it."""

    answer: SupplierAnswer
    documents: tuple[SupplierDocument, ...]


@dataclass(frozen=True, slots=True)
class Thread:
    """A reviewer's question, and what the supplier wrote to it, the oldest first."""

    question: SupplierQuestion
    answers: tuple[Answered, ...]


def threads(session: Session, supplier_id: UUID) -> list[Thread]:
    """All questions to a supplier with their answers: the open ones first, then the newest first."""
    asked = sorted(questions(session, supplier_id), key=lambda one: one.answered_at is not None)
    return _with_answers(session, asked)


def thread(session: Session, supplier_id: UUID, question_id: UUID) -> Thread:
    """One of a supplier's questions with its answers. Raises ``NotFound``."""
    question = session.get(SupplierQuestion, question_id)
    if question is None or question.supplier_id != supplier_id:
        raise NotFound("question")
    return _with_answers(session, [question])[0]


def _with_answers(session: Session, asked: Sequence[SupplierQuestion]) -> list[Thread]:
    answers = session.scalars(
        select(SupplierAnswer)
        .where(SupplierAnswer.question_id.in_([one.id for one in asked]))
        .order_by(SupplierAnswer.id)
    ).all()
    documents = session.scalars(
        select(SupplierDocument)
        .where(SupplierDocument.answer_id.in_([one.id for one in answers]))
        .order_by(SupplierDocument.id)
    ).all()
    return [
        Thread(
            question,
            tuple(
                Answered(one, tuple(document for document in documents if document.answer_id == one.id))
                for one in answers
                if one.question_id == question.id
            ),
        )
        for question in asked
    ]


def return_policy(session: Session, supplier_id: UUID) -> ReturnPolicy | None:
    """The terms of returns that hold."""
    return session.scalar(
        select(ReturnPolicy)
        .where(ReturnPolicy.supplier_id == supplier_id)
        .order_by(ReturnPolicy.version.desc())
        .limit(1)
    )


def newest_test_order(session: Session, supplier_id: UUID) -> TestOrder | None:
    """The last test order, open or passed."""
    return session.scalar(
        select(TestOrder).where(TestOrder.supplier_id == supplier_id).order_by(TestOrder.attempt.desc()).limit(1)
    )


def open_test_order(session: Session, supplier_id: UUID) -> TestOrder | None:
    """The test order that waits for the supplier."""
    return session.scalar(
        select(TestOrder).where(
            TestOrder.supplier_id == supplier_id, TestOrder.ended_at.is_(None), TestOrder.passed_at.is_(None)
        )
    )


def passed_test_order(session: Session, supplier_id: UUID) -> TestOrder | None:
    """A test order that was passed."""
    return session.scalar(
        select(TestOrder)
        .where(TestOrder.supplier_id == supplier_id, TestOrder.passed_at.is_not(None))
        .order_by(TestOrder.attempt.desc())
        .limit(1)
    )


def own_test_order(session: Session, supplier_id: UUID, order_id: UUID) -> TestOrder | None:
    """A test order that was not replaced, by its id."""
    return session.scalar(
        select(TestOrder).where(
            TestOrder.id == order_id, TestOrder.supplier_id == supplier_id, TestOrder.ended_at.is_(None)
        )
    )


def trip_of(order: TestOrder) -> Trip:
    """What happened to a test order, as plain values."""
    return Trip(
        lines=[Line(quantity=line["quantity"], answer=line["answer"], shipped=line["shipped"]) for line in order.lines],
        seen_via=order.seen_via,
        answered_via=order.answered_via,
        shipped_via=order.shipped_via,
    )


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Another supplier that shares something: ``tax_id``, ``registration_number``, ``phone`` or ``website``."""

    supplier: Supplier
    shares: tuple[str, ...]


def lookalikes(session: Session, supplier_id: UUID) -> list[Lookalike]:
    """Other suppliers with the same numbers, phone or website. System scope."""
    own_row, own_application = supplier(session, supplier_id), application_of(session, supplier_id)
    tests = {
        "tax_id": (SupplierApplication.tax_key == own_application.tax_key) & (SupplierApplication.tax_key != ""),
        "registration_number": (SupplierApplication.registration_number == own_application.registration_number)
        & (SupplierApplication.registration_number != ""),
        "phone": func.coalesce(SupplierApplication.phone_hash == own_application.phone_hash, false()),
        "website": func.coalesce(func.lower(Supplier.website) == (own_row.website or "").lower(), false())
        & (Supplier.website != ""),
    }
    rows = session.execute(
        select(Supplier, *(func.coalesce(test, false()).label(name) for name, test in tests.items()))
        .join(SupplierApplication, SupplierApplication.supplier_id == Supplier.id)
        .where(Supplier.id != supplier_id, or_(*(func.coalesce(test, false()) for test in tests.values())))
        .order_by(Supplier.company_name)
        .limit(20)
    )
    return [Lookalike(row[0], tuple(name for name in tests if getattr(row, name))) for row in rows]
