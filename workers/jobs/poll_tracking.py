"""Ask where parcels are: the gateway that sold the label, else the carrier.

A gateway tells by its hooks; it is asked about a parcel of which it has told nothing for as long as carriers are left
alone, since a hook that got lost never comes again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.adapters import registries
from app.config import settings
from app.fulfillment.carrier import Tracked
from app.fulfillment.models import Shipment
from app.fulfillment.queries import due_for_tracking, known_events, last_heard
from app.fulfillment.service import poll_again, says_nothing_new, take_in
from app.fulfillment.service.buying import Asked
from app.fulfillment.service.labelling import gateways_to_ask
from app.kit import clock
from app.kit.errors import AdapterError
from workers.job import Run, job

#: A parcel that nobody has seen for this long is no longer asked about.
_GIVE_UP_AFTER = timedelta(days=90)
#: Parcels of which nothing new was told are noted so many at a time: most are, hour after hour.
_NOTED_AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class _Due:
    shipment: Shipment
    #: The ids of what was seen of it.
    known: Collection[str]
    gateway: Asked | None
    heard_at: datetime | None


@job(queue="stores", every="* * * * * */5", coalesce=True, timeout=120)
def poll_tracking(run: Run, payload: dict[str, Any]) -> None:
    """See the module. One carrier's trouble does not keep the others waiting."""
    with run.transaction() as session:
        shipments = due_for_tracking(session, clock.now())
        ids = [one.id for one in shipments]
        gateways, heard, known = gateways_to_ask(session, ids), last_heard(session, ids), known_events(session, ids)
        due = [_Due(one, known[one.id], gateways.get(one.id), heard.get(one.id)) for one in shipments]
    every = settings().tracking_poll
    nothing_new: defaultdict[datetime | None, list[UUID]] = defaultdict(list)
    # The same moment for all that are noted together.
    later = clock.now() + every
    for parcel in due:
        again: datetime | None = later
        told = None
        if parcel.shipment.created_at <= clock.now() - _GIVE_UP_AFTER or not _somebody_knows(parcel):
            again = None
        elif parcel.gateway is not None and parcel.heard_at is not None and parcel.heard_at > clock.now() - every:
            again = parcel.heard_at + every
        else:
            told = _asked(parcel)
        if told is not None and not says_nothing_new(parcel.shipment, parcel.known, told):
            with run.transaction() as session:
                take_in(session, parcel.shipment.id, told, again=clock.now() + every)
            continue
        nothing_new[again].append(parcel.shipment.id)
        if sum(len(ids) for ids in nothing_new.values()) >= _NOTED_AT_ONCE:
            _note(run, nothing_new)
            later = clock.now() + every
    _note(run, nothing_new)


def _somebody_knows(parcel: _Due) -> bool:
    carrier = registries.carriers.all().get(parcel.shipment.carrier)
    return parcel.gateway is not None or (carrier is not None and carrier.can_track)


def _asked(parcel: _Due) -> Tracked | None:
    """What was seen of it; None where nothing is known, or nobody answered."""
    try:
        if parcel.gateway is not None:
            moves = registries.labels.get(parcel.gateway.gateway).moves(parcel.gateway.access, parcel.gateway.ref)
            seen = moves[-1].delivery_status if moves else "unknown"
            return Tracked(delivery_status=seen, estimated_from=None, estimated_to=None, events=moves)
        return registries.carriers.get(parcel.shipment.carrier).track(parcel.shipment.tracking_number)
    except AdapterError:
        return None


def _note(run: Run, nothing_new: defaultdict[datetime | None, list[UUID]]) -> None:
    if nothing_new:
        with run.transaction() as session:
            for at, shipment_ids in nothing_new.items():
                poll_again(session, shipment_ids, at)
        nothing_new.clear()
