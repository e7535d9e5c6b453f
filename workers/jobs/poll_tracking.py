"""Ask where parcels are: the gateway that sold the label, else the carrier.

A gateway tells by its hooks; it is asked about a parcel of which it has told nothing for as long as carriers are left
alone, since a hook that got lost never comes again. Where it does not know the parcel, or no longer lets us in, the
carrier is asked.

A run may be cut off at any parcel. So whatever was learned of those before it is noted soon, and the parcel itself goes
to the end of the line: no carrier and no parcel can keep the others waiting.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

from rq.timeouts import JobTimeoutException
from sqlalchemy.exc import DBAPIError

from app import log
from app.adapters import registries
from app.config import settings
from app.fulfillment.carrier import Carrier, Tracked
from app.fulfillment.models import Shipment
from app.fulfillment.queries import due_for_tracking, known_events, last_heard
from app.fulfillment.service import poll_again, says_nothing_new, take_in
from app.fulfillment.service.accounts import way_in
from app.fulfillment.service.labelling import Sold, sold_by
from app.kit import clock
from app.kit.crypto import CannotOpen
from app.kit.errors import AdapterError, CredentialsRefused, Rejected, Unavailable
from workers.job import LeaseLost, Run, job

#: A parcel that nobody has seen for this long is no longer asked about.
_GIVE_UP_AFTER = timedelta(days=90)
#: Parcels of which nothing new was told are noted so many at a time (most are, hour after hour), or after so many
#: seconds.
_NOTED_AT_ONCE = 25
_NOTED_AFTER = 3.0
#: Who has not answered so often, one time after the other, is left alone for the rest of a run.
_PATIENCE = 2

T = TypeVar("T")

logger = log.get("workers.poll_tracking")


@dataclass(frozen=True, slots=True)
class _Due:
    shipment: Shipment
    #: The ids of what was seen of it.
    known: Collection[str]
    sold: Sold | None
    heard_at: datetime | None


@job(queue="stores", every="* * * * * */5", coalesce=True, timeout=120)
def poll_tracking(run: Run, payload: dict[str, Any]) -> None:
    """See the module."""
    with run.transaction() as session:
        shipments = due_for_tracking(session, clock.now())
        ids = [one.id for one in shipments]
        sold, heard, known = sold_by(session, ids), last_heard(session, ids), known_events(session, ids)
        due = [_Due(one, known[one.id], sold.get(one.id), heard.get(one.id)) for one in shipments]
    every = settings().tracking_poll
    parties = _Parties()
    with _Notes(run) as notes:
        for parcel in due:
            again: datetime | None = notes.moment + every
            unanswered = False
            if parcel.shipment.created_at <= clock.now() - _GIVE_UP_AFTER or not _somebody_knows(parcel):
                again = None
            elif parcel.sold is not None and parcel.heard_at is not None and parcel.heard_at > clock.now() - every:
                again = parcel.heard_at + every
            else:
                try:
                    told = parties.told_of(parcel)
                    if told is not None and not says_nothing_new(parcel.shipment, parcel.known, told):
                        with run.transaction() as session:
                            take_in(session, parcel.shipment.id, told, again=clock.now() + every)
                        continue
                except LeaseLost:
                    raise
                except JobTimeoutException:
                    notes.add(parcel, again)
                    raise
                except Unavailable:
                    unanswered = True
                except AdapterError as error:
                    logger.info("not told of a parcel", shipment=str(parcel.shipment.id), reason=type(error).__name__)
                except Exception as error:
                    if isinstance(error, DBAPIError) and error.connection_invalidated:
                        raise
                    # Its carrier's odd answer, or somebody's work on it just now: no other parcel waits for that.
                    logger.exception("parcel passed over", shipment=str(parcel.shipment.id))
            notes.add(parcel, again)
            if unanswered:
                notes.write()


def _somebody_knows(parcel: _Due) -> bool:
    return parcel.sold is not None or _tracking_carrier(parcel) is not None


def _tracking_carrier(parcel: _Due) -> Carrier | None:
    carrier = registries.carriers.all().get(parcel.shipment.carrier)
    return carrier if carrier is not None and carrier.can_track else None


class _Parties:
    """Those who are asked in a run, and who of them does not answer."""

    def __init__(self) -> None:
        self._unanswered: Counter[str] = Counter()

    def told_of(self, parcel: _Due) -> Tracked | None:
        """What was seen of a parcel; None where nothing is known, or whoever knows is not asked any more. Raises the
        adapter errors."""
        sold = parcel.sold
        if sold is not None:
            try:
                return self._ask(f"gateway {sold.account.gateway}", lambda: _told_by_gateway(sold))
            except (Rejected, CredentialsRefused):
                # The account may be another one by now.
                pass
            except CannotOpen:
                logger.warning("an account's key can't be opened", owner=str(sold.account.owner_id))
        carrier = _tracking_carrier(parcel)
        if carrier is None:
            return None
        return self._ask(f"carrier {carrier.name}", lambda: carrier.track(parcel.shipment.tracking_number))

    def _ask(self, party: str, ask: Callable[[], T]) -> T | None:
        if self._unanswered[party] >= _PATIENCE:
            return None
        try:
            told = ask()
        except Unavailable:
            self._unanswered[party] += 1
            raise
        self._unanswered[party] = 0
        return told


def _told_by_gateway(sold: Sold) -> Tracked:
    gateway = registries.labels.all().get(sold.account.gateway)
    if gateway is None:
        raise Rejected("no_gateway", "There is no such gateway any more.")
    moves = gateway.moves(way_in(sold.account), sold.ref)
    seen = moves[-1].delivery_status if moves else "unknown"
    return Tracked(delivery_status=seen, estimated_from=None, estimated_to=None, events=moves)


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
