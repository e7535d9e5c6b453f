"""Ask where parcels of returns are: the gateway that sold the label, else the carrier that was named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from rq.timeouts import JobTimeoutException
from sqlalchemy.exc import DBAPIError

from app import log
from app.adapters import registries
from app.config import settings
from app.fulfillment.carrier import CarrierEvent
from app.fulfillment.service.accounts import way_in
from app.kit import clock
from app.kit.crypto import CannotOpen
from app.kit.errors import AdapterError
from app.returns.service.travelling import ToAsk, ask_again, record_way, ways_to_ask
from workers.job import LeaseLost, Run, job

#: A parcel that nobody has seen for this long is no longer asked about.
_GIVE_UP_AFTER = timedelta(days=90)

logger = log.get("workers.poll_returns")


@job(queue="stores", every="* * * * *", coalesce=True, timeout=120)
def poll_returns(run: Run, payload: dict[str, Any]) -> None:
    """See the module. One carrier's trouble does not keep the others waiting."""
    with run.transaction() as session:
        waiting = ways_to_ask(session)
    for one in waiting:
        try:
            _ask(run, one)
        except (LeaseLost, JobTimeoutException):
            raise
        except Exception as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise
            # A carrier's odd answer, or somebody's work on the return just now: no other one waits for that.
            logger.exception("return passed over", return_id=str(one.return_id))
            with run.transaction() as session:
                ask_again(session, one.return_id, clock.now() + settings().tracking_poll)


def _ask(run: Run, one: ToAsk) -> None:
    seen = _seen(one)
    again = seen is not None and one.since > clock.now() - _GIVE_UP_AFTER
    with run.transaction() as session:
        if seen:
            record_way(session, one.return_id, seen)
        ask_again(session, one.return_id, clock.now() + settings().tracking_poll if again else None)


def _seen(one: ToAsk) -> Sequence[CarrierEvent] | None:
    """What was seen of a parcel; None where nobody can tell, now or later."""
    carrier = registries.carriers.all().get(one.carrier.casefold().replace(" ", "_"))
    gateway = registries.labels.all().get(one.account.gateway) if one.account is not None else None
    try:
        if one.account is not None and gateway is not None:
            try:
                return gateway.moves(way_in(one.account), one.ref)
            except CannotOpen:
                logger.warning("an account's key can't be opened", owner=str(one.account.owner_id))
        if carrier is None or not carrier.can_track:
            return None
        tracked = carrier.track(one.tracking_number)
        return tracked.events if tracked is not None else ()
    except AdapterError:
        return ()
