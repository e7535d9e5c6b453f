"""Who is asked where a parcel is: the gateway that sold its label, else the carrier whose number it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from app import log
from app.adapters import registries
from app.fulfillment.carrier import Carrier, Tracked
from app.fulfillment.service.accounts import way_in
from app.fulfillment.service.labelling import Sold
from app.kit import clock
from app.kit.crypto import CannotOpen
from app.kit.errors import CredentialsRefused, Rejected, Unavailable

#: A parcel that was made so long ago is no longer asked about.
_GIVE_UP_AFTER = timedelta(days=90)
#: Who has not answered so often, one time after the other, is left alone for the rest of a run.
_PATIENCE = 2

T = TypeVar("T")

logger = log.get("workers.whereabouts")


def tracking_carrier(name: str) -> Carrier | None:
    """The carrier of a name; None where none is known that tells where a parcel is."""
    carrier = registries.carriers.all().get(name)
    return carrier if carrier is not None and carrier.can_track else None


def is_over(sold: Sold | None, carrier: Carrier | None, since: datetime) -> bool:
    """Whether nobody is to be asked about a parcel any more: nobody can tell, or it was made long ago."""
    nobody_knows = sold is None and carrier is None
    return nobody_knows or since <= clock.now() - _GIVE_UP_AFTER


class Parties:
    """Those who are asked in a run, and who of them does not answer."""

    def __init__(self) -> None:
        self._unanswered: Counter[str] = Counter()

    def told_of(self, sold: Sold | None, carrier: Carrier | None, tracking_number: str) -> Tracked | None:
        """What was seen of a parcel; None where nothing is known, or whoever knows is not asked any more. Where the
        gateway does not know it, or no longer lets us in, the carrier is asked. Raises the adapter errors."""
        if sold is not None:
            try:
                return self._ask(f"gateway {sold.account.gateway}", lambda: _told_by_gateway(sold))
            except (Rejected, CredentialsRefused):
                # The account may be another one by now.
                pass
            except CannotOpen:
                logger.warning("an account's key can't be opened", owner=str(sold.account.owner_id))
        if carrier is None:
            return None
        return self._ask(f"carrier {carrier.name}", lambda: carrier.track(tracking_number))

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
