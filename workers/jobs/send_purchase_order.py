"""Tell a supplier of a released purchase order: by the channel, and at the time, that it chose."""

from __future__ import annotations

from app.adapters import registries
from app.db import together
from app.fulfillment.service import announced_units
from app.kit import clock
from app.outbox.service import emit
from app.purchasing.events import DispatchDue, PurchaseOrderReleased
from app.purchasing.service.dispatching import begin_dispatch, record_sent
from app.purchasing.service.transmitting import plan_transmission, put_together
from workers.job import Run, job
from workers.order_letters import send_letter
from workers.order_notes import notes_of


@job(queue="letters", on=PurchaseOrderReleased, batch=10)
def send_purchase_order(run: Run, event: PurchaseOrderReleased) -> None:
    """See the module. What needs no call is done here; a call to the supplier's system is a job of its own."""
    with run.closing() as session, together(session):
        planned = plan_transmission(session, event.supplier_id, event.purchase_order_id)
        if planned is None or (planned.due_at is not None and planned.due_at > clock.now()):
            return
        session.flush()
        dispatch_id = put_together(session, [planned])
        session.flush()
        channel = registries.channels.all().get(planned.channel)
        if channel is None or channel.transmits:
            emit(session, DispatchDue(dispatch_id=dispatch_id, supplier_id=event.supplier_id))
            return
        dispatch = begin_dispatch(session, dispatch_id, run.task_id, announced_units)
        if dispatch is None:
            return
        notes = notes_of(session, event.supplier_id, dispatch.purchase_order_ids, told=dispatch.told)
        by_letter = send_letter(session, channel, dispatch, list(notes.values()))
        record_sent(session, dispatch_id, confirmed=not by_letter)
