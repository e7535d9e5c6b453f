"""Statuses of purchase orders and orders: which follows from what, and which move is allowed, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kit import clock
from app.kit.errors import Conflict
from app.orders.rules import STATUSES, order_status
from app.outbox.models import OutboxEvent
from app.purchasing.events import PurchaseOrderChanged
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine
from app.purchasing.rules import LineCounts, line_status, may_move, purchase_order_status
from app.purchasing.service import refresh_status
from tests.domains.purchasing.desk import Desk
from tests.state_tables import agree

#: Every status, and all that it may become.
TABLE = {
    "PENDING": {"ON_HOLD", "CONFIRMED", "BACKORDERED", "PROCESSING", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED"},
    "ON_HOLD": {"PENDING", "CANCELLED"},
    "CONFIRMED": {"PROCESSING", "BACKORDERED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED"},
    "PROCESSING": {"BACKORDERED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED"},
    "BACKORDERED": {"PENDING", "CONFIRMED", "PROCESSING", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED"},
    "PARTIALLY_SHIPPED": {"SHIPPED", "DELIVERED", "RETURNED"},
    "SHIPPED": {"DELIVERED", "RETURNED"},
    "DELIVERED": {"RETURNED"},
    "CANCELLED": set(),
    "RETURNED": set(),
}
#: What both lines of a purchase order of 5 and 3 look like in each status that follows from lines.
LOOKS: dict[str, dict[str, Any]] = {
    "PENDING": {},
    "ON_HOLD": {"released": False, "held": True},
    "CONFIRMED": {"answer": "accepted"},
    "PROCESSING": {"answer": "accepted", "processing": True},
    "BACKORDERED": {"answer": "backordered"},
    "PARTIALLY_SHIPPED": {"answer": "accepted", "shipped": 1},
    "SHIPPED": {"answer": "accepted", "shipped": "all"},
    "DELIVERED": {"answer": "accepted", "shipped": "all", "delivered": "all"},
    "RETURNED": {"answer": "accepted", "shipped": "all", "delivered": "all", "returned": "all"},
    "CANCELLED": {"cancelled": "all"},
}


def look_like(desk: Desk, current: str, wanted: str) -> None:
    """A purchase order that is still called ``current``, while its lines say ``wanted``."""
    look = LOOKS[wanted]
    for line in desk.lines:
        counts = {name: look.get(name, 0) for name in ("shipped", "delivered", "cancelled", "returned")}
        values = {name: line.quantity if count == "all" else count for name, count in counts.items()}
        desk.session.execute(
            update(PurchaseOrderLine).where(PurchaseOrderLine.id == line.id).values(answer=look.get("answer"), **values)
        )
    desk.session.execute(
        update(PurchaseOrder)
        .where(PurchaseOrder.order_id == desk.order_id)
        .values(
            status=current,
            released_at=clock.now() if look.get("released", True) else None,
            processing_at=clock.now() if look.get("processing") else None,
        )
    )


def changes_told(session: Session) -> int:
    return session.query(OutboxEvent).filter_by(topic=PurchaseOrderChanged.topic).count()


@pytest.mark.parametrize("current", STATUSES)
def test_a_purchase_order_moves_as_the_table_says_and_in_no_other_way(session: Session, current: str) -> None:
    desk = Desk(session)
    for wanted in LOOKS:
        look_like(desk, current, wanted)
        before, held = changes_told(session), LOOKS[wanted].get("held", False)
        if wanted in TABLE[current] or wanted == current:
            refresh_status(session, desk.purchase_order, held=held)
            assert desk.status == wanted
            assert changes_told(session) == before + (wanted != current), f"{current} to {wanted}"
        else:
            with pytest.raises(Conflict) as caught:
                refresh_status(session, desk.purchase_order, held=held)
            assert caught.value.code == "move_not_allowed"
            assert f"{current} can't become {wanted}" in caught.value.detail
            assert (desk.status, changes_told(session)) == (current, before)


def test_the_table_names_every_status_and_returning_ends_it() -> None:
    agree(TABLE, STATUSES, may_move, staying=True)
    assert {current for current, allowed in TABLE.items() if not allowed} == {"CANCELLED", "RETURNED"}


# Every way that lines can go leads along the table

Pair = tuple[LineCounts, LineCounts]


def next_lines(line: LineCounts, processing: bool) -> Iterator[LineCounts]:
    """All that supplier, carrier and retailer can do to one line."""
    if line.open:
        if line.answer != "rejected":
            yield replace(line, answer="accepted", at_once=0)
            for later in range(1, line.open + 1):
                yield replace(line, answer="backordered", at_once=line.quantity - line.cancelled - later)
        for units in range(1, line.open + 1):
            cancelled = line.cancelled + units
            yield replace(line, cancelled=cancelled, answer="rejected" if cancelled == line.quantity else "accepted")
            yield replace(line, cancelled=cancelled, answer=line.answer or "accepted")
            shipped = replace(line, shipped=line.shipped + units)
            yield shipped if shipped.later else replace(shipped, answer="accepted", at_once=0)
        if line.answer is None and not line.shipped and not processing:
            yield replace(line, cancelled=line.quantity)
    for units in range(1, line.shipped - line.delivered + 1):
        yield replace(line, delivered=line.delivered + units)
    for units in range(1, line.delivered - line.returned + 1):
        yield replace(line, returned=line.returned + units)


def next_pairs(pair: Pair, processing: bool) -> Iterator[tuple[Pair, bool]]:
    first, second = pair
    for changed in next_lines(first, processing):
        yield (changed, second), processing
    for changed in next_lines(second, processing):
        yield (first, changed), processing
    if not processing:
        yield tuple(replace(line, answer=line.answer or "accepted") for line in pair), True  # type: ignore[misc]


def test_every_way_that_a_released_purchase_order_can_go_is_allowed() -> None:
    start = ((LineCounts(quantity=2), LineCounts(quantity=2)), False)
    seen, waiting = {start}, [start]
    reached: set[str] = set()
    while waiting:
        pair, processing = waiting.pop()
        before = purchase_order_status(pair, released=True, held=False, processing=processing)
        reached.add(before)
        for after in next_pairs(pair, processing):
            status = purchase_order_status(after[0], released=True, held=False, processing=after[1])
            assert status == before or status in TABLE[before], f"{before} became {status}: {pair} to {after}"
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    assert reached == set(LOOKS) - {"ON_HOLD"}


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (LineCounts(quantity=2), "open"),
        (LineCounts(quantity=2, answer="accepted"), "accepted"),
        (LineCounts(quantity=2, answer="backordered"), "backordered"),
        (LineCounts(quantity=3, answer="backordered", at_once=2), "backordered"),
        (LineCounts(quantity=3, answer="backordered", at_once=2, cancelled=1), "accepted"),
        (LineCounts(quantity=3, answer="backordered", at_once=2, shipped=2), "partially_shipped"),
        (LineCounts(quantity=2, answer="rejected", cancelled=2), "rejected"),
        (LineCounts(quantity=2, cancelled=2), "cancelled"),
        (LineCounts(quantity=2, shipped=1, answer="accepted"), "partially_shipped"),
        (LineCounts(quantity=2, shipped=1, cancelled=1, answer="accepted"), "shipped"),
        (LineCounts(quantity=2, shipped=2, delivered=1, answer="accepted"), "shipped"),
        (LineCounts(quantity=2, shipped=1, cancelled=1, delivered=1, answer="accepted"), "delivered"),
    ],
)
def test_a_line_is_what_its_counts_say(line: LineCounts, status: str) -> None:
    assert line_status(line) == status


@pytest.mark.parametrize(
    ("purchase_orders", "held", "cancelled", "status"),
    [
        ([], False, False, "PENDING"),
        ([], True, False, "ON_HOLD"),
        ([], True, True, "CANCELLED"),
        (["PENDING", "CONFIRMED"], False, False, "PENDING"),
        (["ON_HOLD", "ON_HOLD"], False, False, "ON_HOLD"),
        (["PENDING", "PENDING"], True, False, "ON_HOLD"),
        (["CONFIRMED", "CONFIRMED"], False, False, "CONFIRMED"),
        (["CONFIRMED", "PROCESSING"], False, False, "CONFIRMED"),
        (["PROCESSING", "PROCESSING"], False, False, "PROCESSING"),
        (["BACKORDERED", "CONFIRMED"], False, False, "BACKORDERED"),
        (["SHIPPED", "PENDING"], False, False, "PARTIALLY_SHIPPED"),
        (["PARTIALLY_SHIPPED", "CONFIRMED"], False, False, "PARTIALLY_SHIPPED"),
        (["SHIPPED", "CANCELLED"], False, False, "SHIPPED"),
        (["SHIPPED", "DELIVERED"], False, False, "SHIPPED"),
        (["DELIVERED", "CANCELLED"], False, False, "DELIVERED"),
        (["DELIVERED", "RETURNED"], False, False, "DELIVERED"),
        (["RETURNED", "RETURNED"], False, False, "RETURNED"),
        (["CANCELLED", "CANCELLED"], False, False, "CANCELLED"),
        (["CANCELLED", "CANCELLED"], True, False, "CANCELLED"),
    ],
)
def test_an_order_is_what_its_purchase_orders_say(
    purchase_orders: list[str], held: bool, cancelled: bool, status: str
) -> None:
    assert order_status(purchase_orders, held=held, cancelled=cancelled) == status
