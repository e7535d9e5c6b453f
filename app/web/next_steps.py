"""What comes next, as a page says it above everything else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.exceptions.queries import Reader, inbox
from app.insights.next_step import NextStep, Part, Undecided, next_step, with_stuck
from app.kit import clock
from app.kit.days import end_of_day
from app.orders.models import Order
from app.orders.rules import HoldReason
from app.purchasing.changes.rules import OPEN
from app.purchasing.decisions.queries import PENDING_STATES, of_order
from app.purchasing.leaving import is_to_leave
from app.purchasing.models import ChangeRequest, OrderDecision, PurchaseOrder
from app.purchasing.service.status import counts
from app.suppliers.queries import timezones
from app.web.ui.rendering import gettext


@dataclass(frozen=True, slots=True)
class ShownStep:
    """``ball``: a value of the badges ``ball``; None where nothing is left to do."""

    text: str
    ball: str | None
    due: datetime | None
    tone: str


def step_of_order(
    session: Session,
    order: Order,
    routed: Sequence[PurchaseOrder],
    requests: Iterable[ChangeRequest],
    reader: Reader,
    *,
    open_return: bool = False,
) -> ShownStep:
    """What an order waits for, as its reader is told; its holds are loaded."""
    step = next_step(
        order.status,
        [HoldReason(one.reason) for one in order.holds if one.released_at is None],
        _parts(session, routed, requests),
        open_return=open_return,
        undecided=[
            Undecided(state=one.state, due=_ends(one))
            for one in of_order(session, order.id)
            if one.state in PENDING_STATES
        ],
    )
    return _shown(session, step, order.id, reader)


def step_of_purchase_order(
    session: Session, row: PurchaseOrder, requests: Iterable[ChangeRequest], reader: Reader
) -> ShownStep:
    """What a purchase order waits for, as its supplier is told."""
    return _shown(session, next_step(row.status, [], _parts(session, [row], requests)), row.order_id, reader)


def _shown(session: Session, step: NextStep, order_id: UUID, reader: Reader) -> ShownStep:
    """In the reader's words, and as far as it is the reader's turn."""
    step = with_stuck(step, inbox(session, reader, order_id=order_id).items, reader.party)
    mine, overdue = step.ball is reader.party, step.due is not None and step.due < clock.now()
    tone = "critical" if overdue else "warning" if mine else "success" if step.ball is None else "info"
    ball = None if step.ball is None else "mine" if mine else step.ball.value
    text = gettext(step.own if mine and step.own else step.text)
    return ShownStep(f"{gettext(step.heading)}. {text}" if step.heading else text, ball, step.due, tone)


def _ends(one: OrderDecision) -> datetime | None:
    """When the clock acts on a decision."""
    return one.next_at or one.due_at


def _parts(session: Session, routed: Sequence[PurchaseOrder], requests: Iterable[ChangeRequest]) -> list[Part]:
    zones = timezones(session, {one.supplier_id for one in routed})
    asked: Mapping[UUID, datetime] = {one.purchase_order_id: one.due_at for one in requests if one.state == OPEN}
    return [
        Part(
            status=one.status,
            released=one.released_at is not None,
            answer_by=one.acknowledge_by,
            ship_by=one.ship_by,
            there=_there(one, zones[one.supplier_id]),
            leaves=is_to_leave(one.status, map(counts, one.lines)),
            asked=asked.get(one.id),
            price_asked=_waits_for_price(one),
        )
        for one in routed
    ]


def _waits_for_price(purchase_order: PurchaseOrder) -> bool:
    """Whether all that is still to leave has a price that its retailer has not agreed to."""
    open_lines = [line for line in purchase_order.lines if counts(line).open]
    return bool(open_lines) and all(line.asked_price is not None for line in open_lines)


def _there(purchase_order: PurchaseOrder, timezone: str) -> datetime | None:
    """The end of the supplier's day by which it promised to have all that it backordered."""
    days = [line.available_on for line in purchase_order.lines if line.available_on and counts(line).later]
    return end_of_day(max(days), timezone) if days else None
