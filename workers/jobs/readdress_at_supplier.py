"""A purchase order that its supplier's system has, and has not accepted, goes to another address: the system is told.
Its people are told anyhow. While it is in doubt whether the order arrived, it waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.adapters import registries
from app.kit import clock
from app.kit.crash import crash_point
from app.kit.errors import AdapterError, Rejected
from app.notifications.service import notify
from app.purchasing.channel import ChangeNote, ChangeReply
from app.purchasing.events import AddressReplaced
from app.purchasing.service.channels import note_failed, setting_of, settings_of
from app.purchasing.service.stopping import plan_stop, readdressing, record_readdressed
from workers.change_channels import takes_of
from workers.job import RetryLater, Run, job
from workers.order_notes import notes_of

_SECONDS = 150
_LOOK_AGAIN = timedelta(minutes=1)


def _wanted(session: Session, payloads: Sequence[Mapping[str, Any]]) -> Any:
    """A system that agreed to it knows it."""
    return lambda payload: not payload.get("accepted")


@job(queue="webhooks", on=AddressReplaced, wanted=_wanted, timeout=_SECONDS)
def readdress_at_supplier(run: Run, event: AddressReplaced) -> None:
    """See the module. Of several changes each tells the address as it is by then."""
    with run.transaction() as session:
        takes = takes_of(session, event.supplier_id)
        cause = readdressing(session, event.purchase_order_id, run.task_id)
        stop = plan_stop(session, event.purchase_order_id, cause)
        if stop is None or not takes(stop.channel, "address"):
            run.end()
            return
        with_address = not stop.in_doubt
        notes = notes_of(session, event.supplier_id, [event.purchase_order_id], with_address=with_address)
        note = notes[event.purchase_order_id]
        row = setting_of(session, event.supplier_id)
    if stop.in_doubt or row is None:
        raise RetryLater("whether it arrived is not known yet", at=clock.now() + _LOOK_AGAIN)
    change = ChangeNote(id=str(event.purchase_order_id), kind="address", order=note, settled=True)
    try:
        reply = registries.channels.get(stop.channel).ask(change, stop.reference, settings_of(row), stop.sending)
    except Rejected as error:
        reply = ChangeReply(answer="refused", message=error.message)
    except AdapterError as error:
        with run.transaction() as session:
            note_failed(session, event.supplier_id, error)
        raise
    crash_point("readdress.answered")
    with run.closing() as session:
        asked, done = reply.answer == "asked", reply.answer == "accepted"
        order = record_readdressed(session, event.purchase_order_id, asked=asked, done=done)
        if reply.answer == "refused":
            notify(
                session,
                event.retailer_id,
                kind="address_changed",
                severity="warning",
                title=f"{order.number} may go to the old address",
                body=f"{note.supplier_name}'s system does not take the new one. Its people were told; talk to them.",
                link=f"/app/orders/{order.order_id}",
                dedupe=f"not_readdressed:{order.id}",
            )
