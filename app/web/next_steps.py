"""What comes next, as a page says it above everything else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.exceptions.kind import Party
from app.insights.next_step import NextStep, Part, next_step
from app.kit import clock
from app.orders.models import Order
from app.orders.rules import HoldReason
from app.purchasing.changes.rules import OPEN
from app.purchasing.models import ChangeRequest, PurchaseOrder
from app.web.ui.rendering import gettext


@dataclass(frozen=True, slots=True)
class ShownStep:
    """``ball``: a value of the badges ``ball``; None where nothing is left to do."""

    text: str
    ball: str | None
    due: datetime | None
    tone: str


def shown_step(step: NextStep, reader: Party) -> ShownStep:
    """In the reader's words, and as far as it is the reader's turn."""
    mine, overdue = step.ball is reader, step.due is not None and step.due < clock.now()
    tone = "critical" if overdue else "warning" if mine else "success" if step.ball is None else "info"
    ball = None if step.ball is None else "mine" if mine else step.ball.value
    return ShownStep(gettext(step.text), ball, step.due, tone)


def step_of_order(
    order: Order,
    routed: Sequence[PurchaseOrder],
    requests: Iterable[ChangeRequest] = (),
    *,
    open_return: bool = False,
    decide_by: datetime | None = None,
) -> NextStep:
    """What an order waits for; its holds are loaded. ``decide_by``: by when its retailer decides what it is asked."""
    holds = [HoldReason(one.reason) for one in order.holds if one.released_at is None]
    return next_step(order.status, holds, _parts(routed, requests), open_return=open_return, decide_by=decide_by)


def step_of_purchase_order(row: PurchaseOrder, requests: Iterable[ChangeRequest] = ()) -> NextStep:
    """What a purchase order waits for, for its supplier."""
    return next_step(row.status, [], _parts([row], requests))


def _parts(routed: Sequence[PurchaseOrder], requests: Iterable[ChangeRequest]) -> list[Part]:
    asked: Mapping[UUID, datetime] = {one.purchase_order_id: one.due_at for one in requests if one.state == OPEN}
    return [
        Part(
            status=one.status,
            released=one.released_at is not None,
            answer_by=one.acknowledge_by,
            ship_by=one.ship_by,
            asked=asked.get(one.id),
        )
        for one in routed
    ]
