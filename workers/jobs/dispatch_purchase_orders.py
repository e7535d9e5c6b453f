"""Send a message with purchase orders to a supplier's system. After a call whose outcome is not known it asks whether
the orders arrived; only what is known not to be there is sent again, as the same message."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from app.adapters import registries
from app.fulfillment.service import announced_units
from app.kit.crash import crash_point
from app.kit.errors import AdapterError, Rejected
from app.purchasing.channel import ChannelSettings, Presence, Probed, PurchaseOrderNote, SupplierChannel
from app.purchasing.events import DispatchDue
from app.purchasing.service.channels import note_failed, note_worked, setting_of, settings_of
from app.purchasing.service.dispatching import Dispatch, begin_dispatch, record_failed, record_sent
from app.purchasing.service.doubting import record_no_probe, record_probe
from workers.job import Run, job
from workers.order_letters import send_letter
from workers.order_notes import notes_of

#: The longest that a call may take; every adapter's own limits are shorter.
_SECONDS = 150


@job(queue="webhooks", on=DispatchDue, coalesce=True, timeout=_SECONDS)
def dispatch_purchase_orders(run: Run, event: DispatchDue) -> None:
    """See the module."""
    with run.transaction() as session:
        dispatch = begin_dispatch(session, event.dispatch_id, run.task_id, announced_units)
        if dispatch is None:
            run.end()
            return
        channel = registries.channels.all().get(dispatch.channel)
        row = setting_of(session, event.supplier_id)
        settings = settings_of(row) if row is not None and row.channel == dispatch.channel else None
        with_address = channel is not None and channel.needs_address and not dispatch.unsure
        notes = notes_of(
            session,
            event.supplier_id,
            dispatch.purchase_order_ids,
            with_address=with_address,
            told=dispatch.told,
        )
        if channel is not None and not channel.transmits:
            by_letter = send_letter(session, channel, dispatch, list(notes.values()))
            record_sent(session, event.dispatch_id, confirmed=not by_letter)
            run.end()
            return
    if dispatch.unsure:
        _ask(run, event, dispatch, channel, settings, notes)
    elif channel is None or settings is None:
        with run.closing() as session:
            record_failed(session, event.dispatch_id, Rejected("no_channel", "This channel is not set up any more."))
    else:
        _send(run, event, dispatch, channel, settings, notes)


def _send(
    run: Run,
    event: DispatchDue,
    dispatch: Dispatch,
    channel: SupplierChannel,
    settings: ChannelSettings,
    notes: Mapping[UUID, PurchaseOrderNote],
) -> None:
    crash_point("dispatch.begun")
    try:
        sent = channel.transmit(list(notes.values()), settings, dispatch.sending)
    except AdapterError as error:
        with run.closing() as session:
            record_failed(session, event.dispatch_id, error)
            note_failed(session, event.supplier_id, error)
        return
    crash_point("dispatch.answered")
    with run.closing() as session:
        record_sent(session, event.dispatch_id, reference=sent.reference, confirmed=sent.confirmed)
        note_worked(session, event.supplier_id, sent.marks)


def _ask(
    run: Run,
    event: DispatchDue,
    dispatch: Dispatch,
    channel: SupplierChannel | None,
    settings: ChannelSettings | None,
    notes: Mapping[UUID, PurchaseOrderNote],
) -> None:
    found: dict[UUID, Probed] = {}
    try:
        for purchase_order_id, note in notes.items():
            if channel is None or settings is None:
                found[purchase_order_id] = Probed(Presence.CANNOT_TELL)
            else:
                found[purchase_order_id] = channel.probe(note, settings, dispatch.sending)
    except AdapterError as error:
        with run.closing() as session:
            record_no_probe(session, event.dispatch_id)
            note_failed(session, event.supplier_id, error)
        return
    with run.closing() as session:
        for purchase_order_id, one in found.items():
            record_probe(session, event.dispatch_id, purchase_order_id, one.presence, one.reference)
