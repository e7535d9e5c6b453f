"""Ask carriers where parcels are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.adapters import registries
from app.config import settings
from app.fulfillment.queries import due_for_tracking
from app.fulfillment.service import note_estimate, poll_again, record_tracking
from app.kit import clock
from app.kit.errors import AdapterError
from workers.job import Run, job

#: A parcel that nobody has seen for this long is no longer asked about.
_GIVE_UP_AFTER = timedelta(days=90)


@job(queue="stores", every="* * * * * */5", coalesce=True, timeout=120)
def poll_tracking(run: Run, payload: dict[str, Any]) -> None:
    """See the module. One carrier's trouble does not keep the others waiting."""
    with run.transaction() as session:
        due = [
            (shipment.id, shipment.carrier, shipment.tracking_number, shipment.created_at)
            for shipment in due_for_tracking(session, clock.now())
        ]
    every = settings().tracking_poll
    for shipment_id, name, number, since in due:
        carrier = registries.carriers.all().get(name)
        trackable = carrier is not None and carrier.can_track and since > clock.now() - _GIVE_UP_AFTER
        again = clock.now() + every if trackable else None
        tracked = None
        if carrier is not None and trackable:
            try:
                tracked = carrier.track(number)
            except AdapterError:
                again = clock.now() + every
        with run.transaction() as session:
            if tracked is not None:
                record_tracking(session, shipment_id, tracked.events, source="carrier")
                note_estimate(session, shipment_id, tracked.estimated_from, tracked.estimated_to)
            poll_again(session, shipment_id, again)
