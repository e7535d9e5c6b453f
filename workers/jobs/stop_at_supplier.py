"""What is cancelled of a purchase order that its supplier has, or went to another one: the supplier's system is asked
to stop it. It waits while nobody knows whether the order arrived."""

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
from app.purchasing.channel import Stopping
from app.purchasing.events import LinesRerouted, LinesWithdrawn
from app.purchasing.service.channels import note_failed, setting_of, settings_of
from app.purchasing.service.settling import CANCELLED_UNITS, UNANSWERED_UNITS
from app.purchasing.service.stopping import plan_stop, record_stop
from workers.job import RetryLater, Run, job
from workers.order_notes import notes_of

_LOOK_AGAIN = timedelta(minutes=1)


def _wanted(session: Session, payloads: Sequence[Mapping[str, Any]]) -> Any:
    """Of what suppliers reject or stop themselves they need not be told."""
    return lambda payload: (
        "cause" not in payload or str(payload["cause"]).partition(":")[0] in (CANCELLED_UNITS, UNANSWERED_UNITS)
    )


@job(queue="webhooks", on=(LinesWithdrawn, LinesRerouted), wanted=_wanted)
def stop_at_supplier(run: Run, event: LinesWithdrawn | LinesRerouted) -> None:
    """See the module."""
    cause = event.cause if isinstance(event, LinesWithdrawn) else _cause(event)
    with run.transaction() as session:
        stop = plan_stop(session, event.purchase_order_id, cause)
        if stop is None:
            run.end()
            return
        told = {event.purchase_order_id: stop.left}
        note = notes_of(session, event.supplier_id, [event.purchase_order_id], told=told)[event.purchase_order_id]
        row = setting_of(session, event.supplier_id)
        settings = settings_of(row) if row is not None and row.channel == stop.channel else None
    if stop.in_doubt:
        raise RetryLater("whether it arrived is not known yet", at=clock.now() + _LOOK_AGAIN)
    channel = registries.channels.all().get(stop.channel)
    if channel is None or settings is None or not channel.cancels:
        # The supplier's people are told by notice and letter, as of every cancellation.
        return
    try:
        outcome = channel.cancel(note, stop.reference, settings, stop.sending)
    except Rejected:
        outcome = Stopping.REFUSED
    except AdapterError as error:
        with run.transaction() as session:
            note_failed(session, event.supplier_id, error)
        raise
    crash_point("stop.answered")
    with run.closing() as session:
        order = record_stop(session, event.purchase_order_id, outcome)
        if outcome is Stopping.REFUSED:
            notify(
                session,
                event.retailer_id,
                kind="purchase_order_stopped",
                severity="info",
                title=f"{order.number} could not be stopped",
                body=f"{note.supplier_name} says that it is too late. If the goods come, return them or talk to them.",
                link=f"/app/orders/{order.order_id}",
                dedupe=f"not_stopped:{order.id}:{cause}",
            )


def _cause(event: LinesRerouted) -> str:
    return "rerouted:" + ",".join(f"{line_id}={units}" for line_id, units in event.lines)
