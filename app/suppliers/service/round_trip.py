"""The test order: placed by the supplier itself, then answered and shipped as any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.kit import clock
from app.kit.errors import Conflict, FieldError, Invalid, NotFound
from app.kit.ids import new_id
from app.outbox.service import emit
from app.suppliers.events import TestOrderPassed, TestOrderPlaced
from app.suppliers.models import SupplierApplication, TestOrder
from app.suppliers.queries import trip_of
from app.suppliers.rules.round_trip import ANSWERS, passed, plausible
from app.suppliers.rules.steps import TEST_ORDER
from app.suppliers.service.deciding import answered

_MOST_ATTEMPTS = 200


@dataclass(frozen=True, slots=True)
class TestParcel:
    """A parcel of a test order: units by line."""

    carrier: str
    tracking_number: str
    tracking_url: str | None
    lines: Mapping[UUID, int]


def place_test_order(session: Session, supplier_id: UUID, goods: Sequence[tuple[str, str]]) -> TestOrder:
    """Place a test order for goods (SKU and title); two units of the first, one of each other. One that is open ends.
    Raises ``Conflict``, also before the supplier has said how it connects."""
    application = session.scalar(
        select(SupplierApplication).where(SupplierApplication.supplier_id == supplier_id).with_for_update()
    )
    if application is None:
        raise NotFound("supplier")
    if not application.connection:
        raise Conflict("Say first how you connect.", code="no_connection")
    now = clock.now()
    for row in session.scalars(
        select(TestOrder).where(
            TestOrder.supplier_id == supplier_id, TestOrder.ended_at.is_(None), TestOrder.passed_at.is_(None)
        )
    ):
        row.ended_at = now
    highest = session.scalar(select(func.max(TestOrder.attempt)).where(TestOrder.supplier_id == supplier_id)) or 0
    if highest >= _MOST_ATTEMPTS:
        raise Conflict("There were too many test orders. Write to us.", code="too_many_test_orders")
    order = TestOrder(
        id=new_id(),
        supplier_id=supplier_id,
        attempt=highest + 1,
        lines=[
            {
                "id": str(new_id()),
                "sku": sku,
                "title": title,
                "quantity": 2 if index == 0 else 1,
                "answer": None,
                "shipped": 0,
            }
            for index, (sku, title) in enumerate(goods)
        ],
        parcels=[],
        placed_at=now,
    )
    session.add(order)
    session.flush()
    audit.record(session, supplier_id, "suppliers.test_order_placed", "test_order", order.id)
    emit(session, TestOrderPlaced(supplier_id=supplier_id, test_order_id=order.id))
    return order


def note_seen(session: Session, order: TestOrder, via: str) -> None:
    """The supplier has looked at it, by ``portal`` or ``api``. The first time counts."""
    if order.seen_at is None:
        order.seen_at, order.seen_via = clock.now(), via
        _check_passed(session, order)


def answer_test_order(
    session: Session, supplier_id: UUID, order_id: UUID, answers: Sequence[tuple[UUID, str]], *, via: str
) -> TestOrder:
    """Take the answers about lines. Raises ``NotFound``, ``Invalid``, and ``Conflict`` for what has shipped."""
    order = _locked(session, supplier_id, order_id)
    lines = {line["id"]: line for line in order.lines}
    for index, (line_id, answer) in enumerate(answers):
        line = lines.get(str(line_id))
        if line is None:
            raise Invalid.field(f"lines[{index}].line_id", "unknown_line", "The order has no such line.")
        if answer not in ANSWERS:
            raise Invalid.field(f"lines[{index}].status", "unknown_status", f"One of: {', '.join(ANSWERS)}.")
        if line["shipped"] and answer != "accepted":
            raise Conflict("Units of this line have shipped.", code="already_shipped")
    for line_id, answer in answers:
        lines[str(line_id)] = {**lines[str(line_id)], "answer": answer}
    order.lines = list(lines.values())
    note_seen(session, order, via)
    if order.answered_at is None and all(line["answer"] for line in order.lines):
        order.answered_at, order.answered_via = clock.now(), via
    _check_passed(session, order)
    return order


def ship_test_order(
    session: Session, supplier_id: UUID, order_id: UUID, parcels: Sequence[TestParcel], *, via: str
) -> tuple[TestOrder, list[dict[str, Any]]]:
    """Take parcels in. Lines without an answer count as accepted. A parcel that is known is left alone. Returns the
    order, and the parcels that were given. Raises ``NotFound`` and ``Invalid``."""
    order = _locked(session, supplier_id, order_id)
    lines = {line["id"]: dict(line) for line in order.lines}
    known = {parcel["tracking_number"]: parcel for parcel in order.parcels}
    given = []
    for index, parcel in enumerate(parcels):
        if parcel.tracking_number in known:
            given.append(known[parcel.tracking_number])
            continue
        made = _taken(lines, parcel, index)
        known[parcel.tracking_number] = made
        given.append(made)
    order.lines, order.parcels = list(lines.values()), list(known.values())
    note_seen(session, order, via)
    if order.answered_at is None and all(line["answer"] for line in order.lines):
        order.answered_at, order.answered_via = clock.now(), via
    if order.shipped_at is None:
        order.shipped_at, order.shipped_via = clock.now(), via
    _check_passed(session, order)
    return order, given


def _taken(lines: dict[str, dict[str, Any]], parcel: TestParcel, index: int) -> dict[str, Any]:
    if not plausible(parcel.tracking_number):
        raise Invalid(
            "This does not look like a tracking number.",
            errors=[
                FieldError(
                    f"parcels[{index}].tracking_number",
                    "not_a_number",
                    "A tracking number has at least five letters and digits; make one up for the test.",
                )
            ],
        )
    for line_id, units in parcel.lines.items():
        line = lines.get(str(line_id))
        if line is None:
            raise Invalid.field(f"parcels[{index}].lines", "unknown_line", "The order has no such line.")
        if line["answer"] == "rejected" or line["shipped"] + units > line["quantity"]:
            raise Invalid.field(f"parcels[{index}].lines", "more_than_open", "That is more than is open of a line.")
        line["shipped"] += units
        line["answer"] = "accepted"
    return {
        "id": str(new_id()),
        "carrier": parcel.carrier,
        "tracking_number": parcel.tracking_number,
        "tracking_url": parcel.tracking_url,
        "shipped_at": clock.iso(clock.now()),
        "lines": [{"line_id": str(line_id), "quantity": units} for line_id, units in parcel.lines.items()],
    }


def _check_passed(session: Session, order: TestOrder) -> None:
    session.flush()
    application = session.get_one(SupplierApplication, order.supplier_id)
    if order.passed_at is None and passed(trip_of(order), application.connection):
        order.passed_at = clock.now()
        answered(session, order.supplier_id, TEST_ORDER)
        audit.record(session, order.supplier_id, "suppliers.test_order_passed", "test_order", order.id)
        emit(session, TestOrderPassed(supplier_id=order.supplier_id))


def _locked(session: Session, supplier_id: UUID, order_id: UUID) -> TestOrder:
    order = session.scalar(
        select(TestOrder)
        .where(TestOrder.id == order_id, TestOrder.supplier_id == supplier_id, TestOrder.ended_at.is_(None))
        .with_for_update()
    )
    if order is None:
        raise NotFound("purchase order")
    return order
