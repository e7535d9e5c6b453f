"""Ask where parcels are: the gateway that sold the label, else the carrier, else a gateway that follows the carrier's
parcels.

A gateway tells by its hooks; it is asked about a parcel of which it has told nothing for as long as carriers are left
alone, since a hook that got lost never comes again. Where it does not know the parcel, or no longer lets us in, the
carrier is asked.

A run may be cut off at any parcel. So whatever was learned of those before it is noted soon, and the parcel itself goes
to the end of the line: no carrier and no parcel can keep the others waiting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from rq.timeouts import JobTimeoutException

from app import log
from app.config import settings
from app.fulfillment.carrier import Carrier
from app.fulfillment.models import Shipment
from app.fulfillment.queries import due_for_tracking, known_events, last_heard
from app.fulfillment.service import poll_again, says_nothing_new, take_in
from app.fulfillment.service.following import Follow, note_followed, to_follow
from app.fulfillment.service.labelling import Sold, sold_by
from app.kit import clock
from app.kit.errors import AdapterError, Rejected, Unavailable
from workers.job import LeaseLost, Run, ends_run, job
from workers.whereabouts import Parties, is_over, tracking_carrier

#: Parcels of which nothing new was told are noted so many at a time (most are, hour after hour), or after so many
#: seconds.
_NOTED_AT_ONCE = 25
_NOTED_AFTER = 3.0

logger = log.get("workers.poll_tracking")


@dataclass(frozen=True, slots=True)
class _Due:
    shipment: Shipment
    #: The ids of what was seen of it.
    known: Collection[str]
    sold: Sold | None
    follow: Follow
    heard_at: datetime | None

    @property
    def has_hooks(self) -> bool:
        """Whether a gateway tells of it by itself."""
        return self.sold is not None or self.shipment.tracker_ref is not None


@job(queue="stores", every="* * * * * */5", coalesce=True, timeout=120)
def poll_tracking(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.transaction() as session:
        shipments = due_for_tracking(session, clock.now())
        ids = [one.id for one in shipments]
        sold, heard, known = sold_by(session, ids), last_heard(session, ids), known_events(session, ids)
        follow = to_follow(session, shipments)
        due = [_Due(one, known[one.id], sold.get(one.id), follow[one.id], heard.get(one.id)) for one in shipments]
    every = settings().tracking_poll
    parties = Parties()
    with _Notes(run) as notes:
        for parcel in due:
            again: datetime | None = notes.moment + every
            unanswered = False
            carrier = tracking_carrier(parcel.shipment.carrier)
            if is_over(parcel.sold, carrier, parcel.shipment.created_at, parcel.follow):
                again = None
            elif parcel.has_hooks and parcel.heard_at is not None and parcel.heard_at > clock.now() - every:
                again = parcel.heard_at + every
            else:
                try:
                    if _told(run, parties, parcel, carrier):
                        continue
                except JobTimeoutException:
                    notes.add(parcel, again)
                    raise
                except Unavailable:
                    unanswered = True
                except Rejected as error:
                    if parcel.sold is None and carrier is None:
                        # No gateway knows such a number: people follow its link.
                        again = None
                    logger.info("not told of a parcel", shipment=str(parcel.shipment.id), reason=error.code)
                except AdapterError as error:
                    logger.info("not told of a parcel", shipment=str(parcel.shipment.id), reason=type(error).__name__)
                except Exception as error:
                    if ends_run(error):
                        raise
                    # Its carrier's odd answer, or somebody's work on it just now: no other parcel waits for that.
                    logger.exception("parcel passed over", shipment=str(parcel.shipment.id))
            notes.add(parcel, again)
            if unanswered:
                notes.write()


def _told(run: Run, parties: Parties, parcel: _Due, carrier: Carrier | None) -> bool:
    """Ask about a parcel, and take in what is told; whether that was anything new. Raises the adapter errors."""
    shipment, every = parcel.shipment, settings().tracking_poll
    if parcel.sold is not None or carrier is not None:
        told = parties.told_of(parcel.sold, carrier, shipment.tracking_number)
        if told is None or says_nothing_new(shipment, parcel.known, told):
            return False
        with run.transaction() as session:
            take_in(session, shipment.id, told, again=clock.now() + every)
        return True
    followed = parties.followed(parcel.follow, shipment.tracking_number)
    if followed is None:
        return False
    if followed.ref == shipment.tracker_ref and says_nothing_new(shipment, parcel.known, followed.seen):
        return False
    with run.transaction() as session:
        note_followed(session, shipment.id, shipment.tracking_number, followed, again=clock.now() + every)
    return True


class _Notes:
    """When parcels of which nothing new was told are asked about next; many are written at once, and the last ones
    whatever ends the block, unless another worker has taken over."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._ids: defaultdict[datetime | None, list[UUID]] = defaultdict(list)
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if not isinstance(error, LeaseLost):
            self.write()

    def add(self, parcel: _Due, again: datetime | None) -> None:
        """Note a parcel; None: nobody is asked again."""
        self._ids[again].append(parcel.shipment.id)
        if sum(map(len, self._ids.values())) >= _NOTED_AT_ONCE or clock.ticks() >= self._until:
            self.write()

    def write(self) -> None:
        """Write what was noted."""
        if self._ids:
            with self._run.transaction() as session:
                for again, shipment_ids in self._ids.items():
                    poll_again(session, shipment_ids, again)
        self._begin()

    def _begin(self) -> None:
        self._ids.clear()
        #: The same for all that are written together, so that they are one statement.
        self.moment = clock.now()
        self._until = clock.ticks() + _NOTED_AFTER
