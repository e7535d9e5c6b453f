"""The supplier's answer, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.audit import service as audit
from app.db import together
from app.inventory.service import Aside, release
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.money import Money
from app.outbox.service import emit
from app.purchasing.decisions.rules import valid_price
from app.purchasing.events import LinesBackordered, LinesWithdrawn, PriceAsked, PurchaseOrderAcknowledged, ids_of
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.rules import ANSWERS, REJECT_REASONS
from app.purchasing.service.settling import settle_requests, supplier_name, tell
from app.purchasing.service.status import refresh_status
from app.purchasing.service.transmitting import note_answered

#: With these reasons the units do not exist, and go out of stock.
_NOT_THERE = frozenset({"out_of_stock", "discontinued"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAnswer:
    """What a supplier answers about one line. ``quantity``: how many units of the line it rejects in all, which
    accepts the rest; None means all that are open. ``price``: what it asks for one unit instead of the ordered price,
    in minor units of its currency; None: the ordered price."""

    line_id: UUID
    answer: str
    quantity: int | None = None
    available_on: date | None = None
    reason: str | None = None
    price: int | None = None


def acknowledge(
    session: Session, supplier_id: UUID, purchase_order_id: UUID, answers: Sequence[LineAnswer]
) -> PurchaseOrder:
    """Take a supplier's answer. The same answer again changes nothing.

    Rejected units are let go at once; who delivers them instead, or their refund, follows by itself, and so does what
    becomes of another price. Raises ``NotFound``, ``Invalid`` and ``Conflict`` (for a line that has shipped, was
    cancelled, or was given to another supplier because no answer came).
    """
    with together(session):
        return _acknowledge(session, supplier_id, purchase_order_id, answers)


def _acknowledge(
    session: Session, supplier_id: UUID, purchase_order_id: UUID, answers: Sequence[LineAnswer]
) -> PurchaseOrder:
    purchase_order = locked_for_supplier(session, supplier_id, purchase_order_id)
    by_id = {line.id: line for line in purchase_order.lines}
    answered: set[UUID] = set()
    for index, answer in enumerate(answers):
        _check(answer, index, by_id)
        if answer.line_id in answered:
            raise Invalid.field(f"lines[{index}].line_id", "repeated", "Give one answer about each line.")
        answered.add(answer.line_id)
    rejected: dict[Aside, int] = {}
    write_off: dict[Aside, int] = {}
    goods = 0
    rejected_lines: list[tuple[UUID, int]] = []
    asked: list[PurchaseOrderLine] = []
    days = _days(purchase_order)
    for answer in answers:
        line = by_id[answer.line_id]
        units = _answer_line(line, answer)
        if _ask_price(line, answer):
            asked.append(line)
        if units:
            rejected_lines.append((line.id, units))
            goods += units * line.wholesale_price
            (write_off if answer.reason in _NOT_THERE else rejected)[Aside(line.order_line_id, line.variant_id)] = units
    reference = f"purchase_order:{purchase_order.id}"
    release(session, rejected, reference=reference)
    release(session, write_off, reference=reference, write_off=True)
    if purchase_order.acknowledged_at is None and all(
        line.answer or line.cancelled == line.quantity for line in purchase_order.lines
    ):
        purchase_order.acknowledged_at = clock.now()
        purchase_order.remind_at = None
    note_answered(session, supplier_id, [purchase_order.id], by="answer")
    session.flush()
    refresh_status(session, purchase_order)
    _tell(session, purchase_order, answers, {**rejected, **write_off}, goods, tuple(rejected_lines))
    _tell_of_prices(session, purchase_order, asked)
    if _days(purchase_order) != days:
        emit(session, LinesBackordered(**ids_of(purchase_order)))
    if rejected or write_off:
        settle_requests(session, purchase_order, by_shipping=False)
    return purchase_order


def mark_processing(session: Session, supplier_id: UUID, purchase_order_id: UUID) -> PurchaseOrder:
    """The supplier has begun to pack. Lines without an answer count as accepted."""
    purchase_order = locked_for_supplier(session, supplier_id, purchase_order_id)
    if purchase_order.processing_at is not None:
        return purchase_order
    refuse_open_prices(purchase_order.lines)
    for line in purchase_order.lines:
        line.answer = line.answer or "accepted"
    purchase_order.processing_at = clock.now()
    purchase_order.acknowledged_at = purchase_order.acknowledged_at or clock.now()
    purchase_order.remind_at = None
    note_answered(session, supplier_id, [purchase_order.id], by="answer")
    session.flush()
    refresh_status(session, purchase_order)
    tell(session, purchase_order, "po.processing", supplier=supplier_name(session, supplier_id))
    return purchase_order


def locked_for_supplier(session: Session, supplier_id: UUID, purchase_order_id: UUID) -> PurchaseOrder:
    """A released purchase order of this supplier, locked, with its lines. Raises ``NotFound``."""
    purchase_order = session.scalar(
        select(PurchaseOrder)
        .where(
            PurchaseOrder.id == purchase_order_id,
            PurchaseOrder.supplier_id == supplier_id,
            PurchaseOrder.released_at.is_not(None),
        )
        .options(selectinload(PurchaseOrder.lines))
        .with_for_update(of=PurchaseOrder)
        .execution_options(populate_existing=True)
    )
    if purchase_order is None:
        raise NotFound("purchase order")
    return purchase_order


def refuse_open_prices(lines: Iterable[PurchaseOrderLine]) -> None:
    """Raises ``Conflict`` where the retailer has not agreed to a line's new price yet: what leaves, leaves at a price
    that both know."""
    for line in lines:
        if line.asked_price is not None and line.quantity > line.shipped + line.cancelled:
            raise Conflict(
                f"The retailer has not agreed to the new price of {line.sku} yet. Wait for its answer, or accept the "
                "line at the ordered price.",
                code="price_open",
            )


def _days(purchase_order: PurchaseOrder) -> dict[UUID, date | None]:
    """When what is backordered will be there, by line."""
    return {line.id: line.available_on for line in purchase_order.lines if line.answer == "backordered"}


def _check(answer: LineAnswer, index: int, lines: dict[UUID, PurchaseOrderLine]) -> None:
    where = f"lines[{index}]"
    line = lines.get(answer.line_id)
    if line is None:
        raise Invalid.field(f"{where}.line_id", "unknown_line", "The purchase order has no such line.")
    if answer.answer not in ANSWERS:
        raise Invalid.field(f"{where}.status", "unknown_status", f"One of: {', '.join(ANSWERS)}.")
    if answer.answer == "backordered" and answer.available_on is None:
        raise Invalid.field(f"{where}.available_on", "required", "Say when the goods will be there.")
    if answer.answer == "rejected" and answer.reason not in REJECT_REASONS:
        raise Invalid.field(f"{where}.reason", "unknown_reason", f"One of: {', '.join(REJECT_REASONS)}.")
    if answer.quantity is not None and not 0 < answer.quantity <= line.quantity:
        raise Invalid.field(f"{where}.quantity", "out_of_range", f"A quantity from 1 to {line.quantity}.")
    if answer.price is not None:
        if not valid_price(answer.price):
            raise Invalid.field(f"{where}.price", "out_of_range", "A price that is not below zero.")
        if answer.answer == "rejected":
            raise Invalid.field(f"{where}.price", "not_asked", "A price belongs to units that you send.")


def _answer_line(line: PurchaseOrderLine, answer: LineAnswer) -> int:
    """Write the answer down. Returns the units newly withdrawn."""
    open_units = line.quantity - line.shipped - line.cancelled
    if line.rerouted and not open_units and not line.shipped:
        raise Conflict(
            f"Your answer comes too late: {line.rerouted} × {line.sku} went to another supplier. Send nothing of it.",
            code="rerouted",
        )
    if answer.answer == "rejected":
        if not open_units and answer.quantity is None:
            if line.shipped:
                raise Conflict("This line has left already.", code="line_closed")
            return 0
        units = open_units
        if answer.quantity is not None:
            # A number in all, so that the same answer twice is one.
            units = answer.quantity - line.cancelled
            if units <= 0:
                return 0
        if units > open_units:
            raise Conflict("More than is open can't be rejected.", code="quantity_exceeds_open")
        line.cancelled += units
        line.rejected += units
        if answer.reason in _NOT_THERE:
            line.unavailable += units
        line.reason = answer.reason
        # What is left of the line was not rejected.
        line.answer = "rejected" if line.cancelled == line.quantity else "accepted"
        line.available_on = None
        return units
    if line.answer == "rejected" or not open_units:
        if line.answer == answer.answer or line.shipped:
            return 0
        raise Conflict("This line was rejected or cancelled before.", code="line_closed")
    line.answer = answer.answer
    if answer.answer == "backordered" and line.backordered_at is None:
        line.backordered_at = clock.now()
    line.available_on = answer.available_on if answer.answer == "backordered" else None
    line.reason = answer.reason
    return 0


def _ask_price(line: PurchaseOrderLine, answer: LineAnswer) -> bool:
    """Write down which price the supplier asks. Returns whether it is a new one."""
    if answer.answer == "rejected":
        line.asked_price = None if line.cancelled == line.quantity else line.asked_price
        return False
    if answer.price is None or answer.price == line.wholesale_price:
        line.asked_price = None
        return False
    if line.shipped:
        raise Conflict("Units of this line have left at the ordered price; it holds for all.", code="price_fixed")
    if line.asked_price == answer.price:
        return False
    line.asked_price = answer.price
    return True


def _tell_of_prices(session: Session, purchase_order: PurchaseOrder, asked: Sequence[PurchaseOrderLine]) -> None:
    supplier = supplier_name(session, purchase_order.supplier_id)
    for line in asked:
        assert line.asked_price is not None
        tell(
            session,
            purchase_order,
            "po.price_asked",
            supplier=supplier,
            title=line.title,
            asked=str(Money(line.asked_price, purchase_order.currency)),
            ordered=str(Money(line.wholesale_price, purchase_order.currency)),
        )
    if asked:
        emit(session, PriceAsked(**ids_of(purchase_order)))


def _tell(
    session: Session,
    purchase_order: PurchaseOrder,
    answers: Sequence[LineAnswer],
    withdrawn: dict[Aside, int],
    goods: int,
    rejected: tuple[tuple[UUID, int], ...],
) -> None:
    supplier = supplier_name(session, purchase_order.supplier_id)
    tally = {name: sum(1 for answer in answers if answer.answer == name) for name in ANSWERS}
    tell(session, purchase_order, "po.acknowledged", supplier=supplier, **tally)
    audit.record(
        session,
        purchase_order.supplier_id,
        "purchasing.acknowledged",
        "purchase_order",
        purchase_order.id,
        details=tally,
    )
    ids = ids_of(purchase_order)
    emit(session, PurchaseOrderAcknowledged(**ids))
    if withdrawn:
        titles = {Aside(line.order_line_id, line.variant_id): line.title for line in purchase_order.lines}
        for whose, units in withdrawn.items():
            tell(
                session,
                purchase_order,
                "stock.rejected",
                supplier=supplier,
                quantity=units,
                title=titles[whose],
            )
        cancelled = sum(line.cancelled for line in purchase_order.lines)
        cause = f"rejected:{cancelled}"
        emit(session, LinesWithdrawn(**ids, cause=cause, goods=goods, rejected=rejected))
