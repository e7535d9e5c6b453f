"""Sending messages with purchase orders. One is written down as being sent before the call; whoever finds it so later
can't know whether the call was made: it is asked about, never simply sent again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import key_ring
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import AdapterError, NothingSent, RateLimited, Rejected, Unavailable
from app.outbox.service import emit
from app.purchasing.channel import Sending
from app.purchasing.events import DispatchDue
from app.purchasing.models import PurchaseOrder, PurchaseOrderLine, Transmission
from app.purchasing.service.channels import code_of, in_words
from app.purchasing.service.transmitting import (
    arrived,
    forget_told,
    move,
    of_dispatch,
    put_together,
    story_of,
    tell_of_doubt,
    units_gone,
    units_told,
    withdraw,
)
from app.purchasing.transmission_rules import (
    CALL_OVER_AFTER,
    DELIVERED,
    NOT_RECEIVED,
    OPEN,
    QUEUED,
    REJECTED,
    SENDING,
    SENT,
    UNKNOWN,
    probe_due,
)

#: The units of each line of a purchase order that are packed in parcels which have not left yet.
Packed = Callable[[Session, UUID], Mapping[UUID, int]]

#: Steps put to work by one look, and purchase orders that one message holds.
_AT_ONCE, MOST_TOGETHER = 200, 200


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A message that is to be sent, or whose outcome is in doubt (``unsure``): its purchase orders and, of each, the
    units that it tells."""

    supplier_id: UUID
    channel: str
    sending: Sending
    purchase_order_ids: Sequence[UUID]
    told: Mapping[UUID, Mapping[str, int]]
    unsure: bool


def put_due_to_work(session: Session, now: datetime, transmitting: Mapping[str, bool]) -> int:
    """Put together the messages that are due, and tell of those in doubt that are to be asked about. ``transmitting``:
    the channels, and whether one message of theirs takes several purchase orders. Returns how many steps. Needs a
    system scope."""
    rows = session.scalars(
        select(Transmission)
        .where(
            Transmission.state.in_(OPEN),
            ((Transmission.state.in_((QUEUED, NOT_RECEIVED))) & (Transmission.due_at <= now))
            | ((Transmission.state == UNKNOWN) & (Transmission.next_probe_at <= now))
            | ((Transmission.state == SENDING) & (Transmission.asked_at <= now - CALL_OVER_AFTER)),
        )
        .order_by(Transmission.due_at, Transmission.id)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    fresh: defaultdict[tuple[UUID, str], list[Transmission]] = defaultdict(list)
    due: dict[UUID, UUID] = {}
    for row in rows:
        if row.dispatch_id is None:
            fresh[row.supplier_id, row.channel].append(row)
        else:
            due[row.dispatch_id] = row.supplier_id
    for (supplier_id, channel), gathered in fresh.items():
        size = MOST_TOGETHER if transmitting.get(channel, False) else 1
        for begin in range(0, len(gathered), size):
            due[put_together(session, gathered[begin : begin + size])] = supplier_id
    for row in rows:
        # A step that never comes to an end is followed by the next one.
        row.due_at = now + CALL_OVER_AFTER
        if row.state == UNKNOWN:
            row.next_probe_at = now + CALL_OVER_AFTER
    emit(session, *(DispatchDue(dispatch_id=one, supplier_id=supplier_id) for one, supplier_id in due.items()))
    return len(due)


def begin_dispatch(session: Session, dispatch_id: UUID, task: UUID, packed: Packed) -> Dispatch | None:
    """Write down that a message is being sent, by which task, and what it tells: what is left to be done, without what
    has left or is packed by now. None when there is nothing to do: it was sent, nothing of it is left or wanted, its
    supplier's system is not to be asked yet, or another task is at it."""
    rows = of_dispatch(session, dispatch_id)
    now = clock.now()
    busy = [row for row in rows if row.state == SENDING]
    if any(
        row.detail.get("task") != str(task) and row.asked_at is not None and now - row.asked_at < CALL_OVER_AFTER
        for row in busy
    ):
        return None
    for row in busy:
        # Whoever wrote this is gone, and can't say whether it made the call.
        move(row, UNKNOWN)
        row.next_probe_at = now
    doubtful = [row for row in rows if row.state == UNKNOWN and row.person_asked_at is None]
    if doubtful:
        return _dispatch(doubtful, unsure=True)
    ready = [row for row in rows if row.state in (QUEUED, NOT_RECEIVED) and _has_to_be_told(session, row, packed)]
    if not ready:
        return None
    again = any(row.tries for row in ready)
    for row in ready:
        move(row, SENDING)
        row.tries += 1
        row.asked_at, row.probes, row.next_probe_at = now, 0, None
        row.detail = {**row.detail, "task": str(task)}
    return _dispatch(ready, unsure=False, again=again)


def record_sent(session: Session, dispatch_id: UUID, *, reference: str = "", confirmed: bool = False) -> None:
    """The message was handed over."""
    for row in of_dispatch(session, dispatch_id):
        if row.state != SENDING:
            continue
        move(row, DELIVERED if confirmed else SENT)
        row.reference, row.answered_at = reference or row.reference, clock.now()
        gone = sum(units_gone(row).values())
        if gone:
            story_of(session, row, "po.transmitted_rest", channel=row.channel, units=gone)
        else:
            story_of(session, row, "po.transmitted", channel=row.channel)


def record_failed(session: Session, dispatch_id: UUID, error: AdapterError) -> None:
    """The call ended with an error: what that means for the message."""
    now = clock.now()
    for row in of_dispatch(session, dispatch_id):
        if row.state != SENDING:
            continue
        row.problem, words = code_of(error), in_words(error)
        row.words = key_ring().seal(words.encode(), Place("transmissions", "words", row.id))
        if isinstance(error, Unavailable) and not isinstance(error, NothingSent):
            move(row, UNKNOWN)
            row.next_probe_at = probe_due(row.asked_at or now, 0)
            story_of(session, row, "po.outcome_unknown")
        elif isinstance(error, Rejected):
            move(row, REJECTED)
            row.answered_at = now
            story_of(session, row, "po.refused_by_system")
            tell_of_doubt(session, row)
        else:
            # Nothing was taken: the message is tried again, with what is wanted by then.
            move(row, QUEUED)
            forget_told(row)
            wait = error.retry_after if isinstance(error, RateLimited) else 60.0 * min(60, 2**row.tries)
            row.due_at = now + timedelta(seconds=wait)


def _dispatch(rows: Sequence[Transmission], *, unsure: bool, again: bool = False) -> Dispatch:
    first = rows[0]
    assert first.dispatch_id is not None
    return Dispatch(
        supplier_id=first.supplier_id,
        channel=first.channel,
        sending=Sending(key=str(first.dispatch_id), sequence=first.sequence, again=again or unsure),
        purchase_order_ids=[row.purchase_order_id for row in rows],
        told={row.purchase_order_id: units_told(row) for row in rows},
        unsure=unsure,
    )


def _has_to_be_told(session: Session, row: Transmission, packed: Packed) -> bool:
    """Whether something is left to be done of a purchase order; what its message tells of it is written down once. What
    was withdrawn, and what its supplier has sent or packed by itself, would be sent to nobody, or twice."""
    lines = session.execute(
        select(
            PurchaseOrderLine.id,
            PurchaseOrderLine.quantity - PurchaseOrderLine.cancelled,
            PurchaseOrderLine.shipped,
            PurchaseOrder.processing_at,
        )
        .join(PurchaseOrder, PurchaseOrder.id == PurchaseOrderLine.purchase_order_id)
        .where(PurchaseOrder.id == row.purchase_order_id)
    ).all()
    if not any(units for _line, units, _shipped, _packs in lines):
        withdraw(session, row)
        return False
    in_parcels = packed(session, row.purchase_order_id) if any(packs for *_line, packs in lines) else {}
    gone = {line: min(units, shipped + in_parcels.get(line, 0)) for line, units, shipped, _packs in lines}
    left = {str(line): units - gone[line] for line, units, *_rest in lines if units > gone[line]}
    if not left:
        arrived(session, row, by="answer")
        story_of(session, row, "po.nothing_left_to_send")
        return False
    if not units_told(row):
        row.detail = {**row.detail, "lines": left, "gone": {str(line): units for line, units in gone.items() if units}}
    return True
