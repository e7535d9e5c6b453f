"""Ask a supplier's channel what the supplier has answered, and apply it: each answer once, in a transaction of its own.

What can't be applied is written down with the reason and shown to the supplier; it never stops the others. Only when
all is written down are files put away.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from app.adapters import registries
from app.fulfillment.service import NewParcel, ship
from app.fulfillment.telling import told_parcel
from app.kit.crash import crash_point
from app.kit.errors import AdapterError, AppError, NotFound
from app.kit.texts import zone_of
from app.notifications.service import notify
from app.purchasing.answers import (
    Acknowledgement,
    Answer,
    CancellationTold,
    ChangeAnswered,
    InvoiceTold,
    ReceiptTold,
    ShipmentTold,
    Unreadable,
)
from app.purchasing.channel import FOREIGN, Awaiting, ChannelSettings, Handled, SupplierChannel
from app.purchasing.errors import NoSuchOrder
from app.purchasing.events import ChannelPollDue
from app.purchasing.service.applying import (
    KINDS,
    apply_acknowledgement,
    apply_cancellation,
    apply_change_answer,
    apply_invoice,
    apply_receipt,
    awaited_of,
    known_answer,
    line_meant,
    note_polled,
    order_meant,
    plan_poll,
    write_answer,
)
from app.purchasing.service.channels import OWED, note_brought, note_failed
from app.suppliers.queries import supplier
from workers.job import Run, job

#: How the problem of an answer begins that names no order of its supplier's.
_OF_OTHERS = "No such purchase order"
_NOT_KEPT = "The answer holds letters or numbers that can't be kept."


@job(queue="bulk", on=ChannelPollDue, coalesce=True, timeout=600)
def poll_channel(run: Run, event: ChannelPollDue) -> None:
    """See the module."""
    with run.transaction() as session:
        plan = plan_poll(session, event.supplier_id)
    channel = registries.channels.all().get(plan.channel) if plan is not None else None
    if plan is None or channel is None or not channel.poll_minutes:
        return
    try:
        if plan.settings.marks.get(OWED):
            # An earlier run did not come to its end.
            plan = replace(plan, settings=_put_away(run, event.supplier_id, channel, plan.settings, ()))
        brought = channel.poll(
            plan.settings, Awaiting(plan.since, partial(_awaited, run, event.supplier_id, plan.channel))
        )
        handled = [_taken(run, event.supplier_id, plan.channel, one) for one in (*brought.answers, *brought.unreadable)]
        crash_point("channel.applied")
        with run.transaction() as session:
            marks = {**brought.marks, FOREIGN: _foreign(plan.settings, handled)}
            settings = note_brought(session, event.supplier_id, plan.channel, marks, owes=brought.owes)
        crash_point("channel.written")
        _put_away(run, event.supplier_id, channel, settings, handled)
    except AdapterError as error:
        with run.closing() as session:
            note_failed(session, event.supplier_id, error)
        return
    with run.closing() as session:
        note_polled(session, event.supplier_id, {}, more=brought.more)


def _awaited(run: Run, supplier_id: UUID, channel: str, numbers: Collection[str]) -> set[str]:
    with run.transaction() as session:
        return awaited_of(session, supplier_id, channel, numbers)


def _put_away(
    run: Run, supplier_id: UUID, channel: SupplierChannel, settings: ChannelSettings, handled: Sequence[Handled]
) -> ChannelSettings:
    """Send what is owed for the answers and put the files away. Returns the settings with the marks of that."""
    number = int(settings.marks.get(OWED) or 0)
    marks = {**channel.put_away(settings, handled, number), OWED: "", FOREIGN: ""}
    crash_point("channel.put_away")
    with run.transaction() as session:
        return note_brought(session, supplier_id, channel.name, marks, owes=False)


def _taken(run: Run, supplier_id: UUID, channel: str, answer: Answer | Unreadable) -> Handled:
    """Apply one answer, unless that was done before."""
    kind = KINDS.get(type(answer), "shipment")
    try:
        with run.transaction() as session:
            known = known_answer(session, supplier_id, channel, answer.key)
            if known is not None:
                # Until it ends, the release before this one tells it by its words alone.
                foreign = known.of_others or (known.problem or "").startswith(_OF_OTHERS)
                return Handled(answer.key, answer.source, known.problem or "", foreign=foreign)
            if isinstance(answer, Unreadable):
                write_answer(session, supplier_id, channel, answer, kind=kind, problem=answer.problem)
                _tell(session, supplier_id, answer.problem)
                return Handled(answer.key, answer.source, answer.problem)
            order_id = _apply(session, supplier_id, channel, answer)
            write_answer(session, supplier_id, channel, answer, kind=kind, purchase_order_id=order_id)
        crash_point("channel.answer_applied")
    except (AppError, DataError, ValueError, ArithmeticError) as error:
        # One that can't be kept (zeros in a text, numbers out of all bounds) must not keep the others waiting for ever.
        problem = error.detail if isinstance(error, AppError) else _NOT_KEPT
        foreign = isinstance(error, NoSuchOrder)
        with run.transaction() as session:
            write_answer(
                session,
                supplier_id,
                channel,
                answer,
                kind=kind,
                purchase_order_id=None if foreign else _meant(session, supplier_id, answer),
                problem=problem,
                of_others=foreign,
            )
            _tell(session, supplier_id, problem)
        return Handled(answer.key, answer.source, problem, foreign=foreign)
    return Handled(answer.key, answer.source)


def _meant(session: Session, supplier_id: UUID, answer: Answer | Unreadable) -> UUID | None:
    """Which order an answer is about that could not be applied, where it names one."""
    if isinstance(answer, Unreadable):
        return None
    try:
        with session.begin_nested():
            return order_meant(session, supplier_id, answer).id
    except (NotFound, DataError, ValueError):
        return None


def _foreign(settings: ChannelSettings, handled: Sequence[Handled]) -> str:
    """Sources that are about other suppliers' orders alone, with those that an earlier poll left over."""
    before: list[str] = json.loads(settings.marks.get(FOREIGN) or "[]")
    own = {one.source for one in handled if not one.foreign}
    return json.dumps(sorted({*before, *(one.source for one in handled if one.foreign)} - own))


def _apply(session: Session, supplier_id: UUID, channel: str, answer: Answer) -> UUID | None:
    if isinstance(answer, Acknowledgement):
        return apply_acknowledgement(session, supplier_id, answer)
    if isinstance(answer, ShipmentTold):
        return _ship(session, supplier_id, answer)
    if isinstance(answer, InvoiceTold):
        return apply_invoice(session, supplier_id, channel, answer)
    if isinstance(answer, CancellationTold):
        return apply_cancellation(session, supplier_id, answer)
    if isinstance(answer, ChangeAnswered):
        return apply_change_answer(session, supplier_id, answer)
    assert isinstance(answer, ReceiptTold)
    return apply_receipt(session, supplier_id, channel, answer)


def _ship(session: Session, supplier_id: UUID, answer: ShipmentTold) -> UUID:
    order = order_meant(session, supplier_id, answer)
    company = supplier(session, supplier_id)
    between = {company.country, order.ship_to_country}
    carriers = registries.carriers.all()
    parcels: list[NewParcel] = []
    for told in answer.parcels:
        lines: dict[UUID, int] = {}
        for name, units in told.lines:
            line = line_meant(order, name)
            lines[line.id] = lines.get(line.id, 0) + units
        if not told.lines and not parcels:
            lines = {
                line.id: line.quantity - line.cancelled - line.shipped
                for line in order.lines
                if line.quantity > line.cancelled + line.shipped
            }
        parcels.append(
            told_parcel(
                carriers,
                told.carrier,
                told.tracking_number,
                lines,
                tracking_url=told.tracking_url or None,
                shipped_at=_moment(told.shipped_at, company.timezone),
                between=between,
            )
        )
    ship(session, supplier_id, order.id, parcels)
    return order.id


def _tell(session: Session, supplier_id: UUID, problem: str) -> None:
    """Show the supplier what could not be used."""
    notify(
        session,
        supplier_id,
        kind="channel_failing",
        severity="info",
        title="An answer of your system could not be used",
        body=problem,
        link="/supplier/settings/channel",
        dedupe=f"channel_answer:{supplier_id}",
    )


def _moment(told: datetime | None, timezone: str) -> datetime | None:
    """What was told without a time zone is by the supplier's clock."""
    return told if told is None or told.tzinfo is not None else told.replace(tzinfo=zone_of(timezone))
