"""A supplier's system is asked to stop units that it has accepted, or to send to another address, or told that this is
no longer wanted. What it answers at once is taken like a person's answer; whatever can't be told is told to its people.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

from sqlalchemy.orm import Session

from app.adapters import registries
from app.kit import clock
from app.kit.crash import crash_point
from app.kit.errors import AdapterError, Rejected
from app.purchasing.changes.rules import ADDRESS, WITHDRAW
from app.purchasing.channel import ChangeKind, ChangeNote, ChannelSettings
from app.purchasing.events import ChangeRequestMoved
from app.purchasing.service.channels import note_failed, note_worked, setting_of, settings_of
from app.purchasing.service.passing_on import Message, begin_message, record_failed, record_reply
from workers.change_channels import takes_of
from workers.job import RetryLater, Run, job
from workers.order_notes import notes_of

#: The longest that a call may take; every adapter's own limits are shorter.
_SECONDS = 150
_LOOK_AGAIN = timedelta(minutes=1)


@job(queue="webhooks", on=ChangeRequestMoved, timeout=_SECONDS)
def ask_for_change(run: Run, event: ChangeRequestMoved) -> None:
    """See the module."""
    with run.transaction() as session:
        message = begin_message(session, event, takes_of(session, event.supplier_id))
        if message is None:
            run.end()
            return
        told = None if message.in_doubt else _note(session, event, message)
    if told is None:
        raise RetryLater("whether the order arrived is not known yet", at=clock.now() + _LOOK_AGAIN)
    change, settings = told
    channel = registries.channels.get(message.channel)
    crash_point("change.begun")
    try:
        reply = channel.ask(change, message.reference, settings, message.sending)
    except Rejected as error:
        with run.closing() as session:
            record_failed(session, message.id, error)
        return
    except AdapterError as error:
        with run.transaction() as session:
            record_failed(session, message.id, error)
            note_failed(session, event.supplier_id, error)
        raise
    crash_point("change.answered")
    with run.closing() as session:
        record_reply(session, event.supplier_id, message.id, reply)
        note_worked(session, event.supplier_id, reply.marks)


def _note(session: Session, event: ChangeRequestMoved, message: Message) -> tuple[ChangeNote, ChannelSettings]:
    back = message.kind == ADDRESS and message.purpose == WITHDRAW
    notes = notes_of(session, event.supplier_id, [event.purchase_order_id], with_address=back)
    order = notes[event.purchase_order_id]
    if message.address is not None:
        order = replace(order, address=message.address, country=message.address.country_code)
    known = {line.id: line for line in (*order.lines, *order.withdrawn)}
    lines = {line_id: known[line_id] for line_id in sorted(message.stops) if line_id in known}
    change = ChangeNote(
        id=str(message.request_id),
        kind=cast(ChangeKind, message.kind),
        order=order,
        stops=[replace(line, quantity=message.stops[line_id]) for line_id, line in lines.items()],
        stopped=message.stopped,
        note=message.note,
        answer_by=message.answer_by,
        withdrawn=message.purpose == WITHDRAW,
    )
    row = setting_of(session, event.supplier_id)
    settings = settings_of(row) if row is not None else ChannelSettings(supplier_id=str(event.supplier_id))
    return change, settings
