"""Ask where parcels of returns are: the gateway that sold the label, else the carrier that was named, else a gateway
that follows that carrier's parcels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app import log
from app.config import settings
from app.kit import clock
from app.kit.errors import AdapterError
from app.returns.service.travelling import ToAsk, ask_again, note_followed, record_way, ways_to_ask
from workers.job import Run, ends_run, job
from workers.whereabouts import Parties, carrier_named, is_over, tracking_carrier

logger = log.get("workers.poll_returns")


@job(queue="stores", every="* * * * *", coalesce=True, timeout=120)
def poll_returns(run: Run, payload: dict[str, Any]) -> None:
    """See the module. One carrier's trouble does not keep the others waiting."""
    with run.transaction() as session:
        waiting = ways_to_ask(session)
    parties = Parties()
    for one in waiting:
        try:
            _ask(run, parties, one)
        except Exception as error:
            if ends_run(error):
                raise
            # A carrier's odd answer, or somebody's work on the return just now: no other one waits for that.
            logger.exception("return passed over", return_id=str(one.return_id))
            with run.transaction() as session:
                ask_again(session, one.return_id, clock.now() + settings().tracking_poll)


def _ask(run: Run, parties: Parties, one: ToAsk) -> None:
    name = carrier_named(one.carrier, one.tracking_number)
    carrier, follow = tracking_carrier(name), replace(one.follow, carrier=name)
    told = followed = None
    try:
        if one.sold is not None or carrier is not None:
            told = parties.told_of(one.sold, carrier, one.tracking_number)
        else:
            followed = parties.followed(follow, one.tracking_number)
    except AdapterError as error:
        logger.info("not told of a return's parcel", return_id=str(one.return_id), reason=type(error).__name__)
    over = is_over(one.sold, carrier, one.since, follow)
    with run.transaction() as session:
        if told is not None and told.events:
            record_way(session, one.return_id, told.events)
        if followed is not None:
            note_followed(session, one.return_id, one.tracking_number, followed)
        ask_again(session, one.return_id, None if over else clock.now() + settings().tracking_poll)
