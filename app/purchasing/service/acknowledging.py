"""The supplier's answer, line by line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.audit import service as audit
from app.db import together
from app.inventory.service import Aside, release
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.kit.money import Money
from app.outbox.service import emit
from app.purchasing.events import LinesBackordered, LinesWithdrawn, PriceAsked, PurchaseOrderAcknowledged, ids_of
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.rules import ANSWERS
from app.purchasing.service.answered_lines import (
    NOT_THERE,
    REJECTED,
    LineAnswer,
    ask_price,
    by_line,
    write_down,
)
from app.purchasing.service.settling import settle_requests, supplier_name, tell
from app.purchasing.service.status import counts, refresh_status
from app.purchasing.service.transmitting import note_answered
from app.suppliers.queries import today_of


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
    answered = by_line(by_id, answers, today=today_of(session, supplier_id))
    rejected: dict[Aside, int] = {}
    write_off: dict[Aside, int] = {}
    goods = 0
    rejected_lines: list[tuple[UUID, int]] = []
    asked: list[PurchaseOrderLine] = []
    before = _later(purchase_order)
    for line, said in answered:
        units = write_down(line, said)
        if ask_price(line, said):
            asked.append(line)
        if units:
            rejected_lines.append((line.id, units))
            goods += units * line.wholesale_price
            gone = write_off if said[REJECTED].reason in NOT_THERE else rejected
            gone[Aside(line.order_line_id, line.variant_id)] = units
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
    if _later(purchase_order) != before:
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


def _later(purchase_order: PurchaseOrder) -> dict[UUID, tuple[int, date | None]]:
    """How many units come later, and when they will be there, by line."""
    later = {line.id: (counts(line).later, line.available_on) for line in purchase_order.lines}
    return {line_id: what for line_id, what in later.items() if what[0]}


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
    said: defaultdict[UUID, set[str]] = defaultdict(set)
    for answer in answers:
        said[answer.line_id].add(answer.answer)
    # In units: of a line that is rejected in part, the others are accepted.
    tally = dict.fromkeys(ANSWERS, 0)
    for line in (line for line in purchase_order.lines if line.id in said):
        later = counts(line).later
        tally["accepted"] += line.quantity - line.cancelled - later
        tally["backordered"] += later
        tally["rejected"] += line.rejected if REJECTED in said[line.id] else 0
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
