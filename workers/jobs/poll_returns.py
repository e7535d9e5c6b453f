"""Ask where parcels of returns are: the gateway that sold the label, else the carrier that was named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from app.adapters import registries
from app.config import settings
from app.fulfillment.carrier import CarrierEvent
from app.kit import clock
from app.kit.errors import AdapterError
from app.returns.service.travelling import ToAsk, ask_again, record_way, ways_to_ask
from workers.job import Run, job

#: A parcel that nobody has seen for this long is no longer asked about.
_GIVE_UP_AFTER = timedelta(days=90)


@job(queue="stores", every="* * * * *", coalesce=True, timeout=120)
def poll_returns(run: Run, payload: dict[str, Any]) -> None:
    """See the module. One carrier's trouble does not keep the others waiting."""
    with run.transaction() as session:
        waiting = ways_to_ask(session)
    for one in waiting:
        seen = _seen(one)
        again = seen is not None and one.since > clock.now() - _GIVE_UP_AFTER
        with run.transaction() as session:
            if seen:
                record_way(session, one.return_id, seen)
            ask_again(session, one.return_id, clock.now() + settings().tracking_poll if again else None)


def _seen(one: ToAsk) -> Sequence[CarrierEvent] | None:
    """What was seen of a parcel; None where nobody can tell, now or later."""
    carrier = registries.carriers.all().get(one.carrier.casefold().replace(" ", "_"))
    try:
        if one.gateway is not None and one.access is not None:
            return registries.labels.get(one.gateway).moves(one.access, one.ref)
        if carrier is None or not carrier.can_track:
            return None
        tracked = carrier.track(one.tracking_number)
        return tracked.events if tracked is not None else ()
    except AdapterError:
        return ()
