"""Ask where parcels are: the gateway that sold the label, else the carrier.

A gateway tells by its hooks; it is asked about a parcel of which it has told nothing for as long as carriers are left
alone, since a hook that got lost never comes again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.adapters import registries
from app.config import settings
from app.fulfillment.carrier import Tracked
from app.fulfillment.queries import due_for_tracking, last_heard
from app.fulfillment.service import note_estimate, poll_again, record_tracking
from app.fulfillment.service.buying import Asked
from app.fulfillment.service.labelling import gateways_to_ask
from app.kit import clock
from app.kit.errors import AdapterError
from workers.job import Run, job

#: A parcel that nobody has seen for this long is no longer asked about.
_GIVE_UP_AFTER = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class _Due:
    shipment_id: UUID
    carrier: str
    tracking_number: str
    since: datetime
    gateway: Asked | None
    heard_at: datetime | None


@job(queue="stores", every="* * * * * */5", coalesce=True, timeout=120)
def poll_tracking(run: Run, payload: dict[str, Any]) -> None:
    """See the module. One carrier's trouble does not keep the others waiting."""
    with run.transaction() as session:
        shipments = due_for_tracking(session, clock.now())
        ids = [one.id for one in shipments]
        gateways, heard = gateways_to_ask(session, ids), last_heard(session, ids)
        due = [
            _Due(one.id, one.carrier, one.tracking_number, one.created_at, gateways.get(one.id), heard.get(one.id))
            for one in shipments
        ]
    every = settings().tracking_poll
    for parcel in due:
        again: datetime | None = clock.now() + every
        tracked = None
        if parcel.since <= clock.now() - _GIVE_UP_AFTER or not _somebody_knows(parcel):
            again = None
        elif parcel.gateway is not None and parcel.heard_at is not None and parcel.heard_at > clock.now() - every:
            again = parcel.heard_at + every
        else:
            tracked = _asked(parcel)
        with run.transaction() as session:
            if tracked is not None:
                record_tracking(session, parcel.shipment_id, tracked.events, source="carrier")
                note_estimate(session, parcel.shipment_id, tracked.estimated_from, tracked.estimated_to)
            poll_again(session, parcel.shipment_id, again)


def _somebody_knows(parcel: _Due) -> bool:
    carrier = registries.carriers.all().get(parcel.carrier)
    return parcel.gateway is not None or (carrier is not None and carrier.can_track)


def _asked(parcel: _Due) -> Tracked | None:
    """What was seen of it; None where nothing is known, or nobody answered."""
    try:
        if parcel.gateway is not None:
            moves = registries.labels.get(parcel.gateway.gateway).moves(parcel.gateway.access, parcel.gateway.ref)
            seen = moves[-1].delivery_status if moves else "unknown"
            return Tracked(delivery_status=seen, estimated_from=None, estimated_to=None, events=moves)
        return registries.carriers.get(parcel.carrier).track(parcel.tracking_number)
    except AdapterError:
        return None
