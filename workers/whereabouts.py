"""Who is asked where a parcel is: the gateway that sold its label, else the carrier whose number it has, else a gateway
that follows the parcels of that carrier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar

from app import log
from app.adapters import registries
from app.fulfillment.carrier import Carrier, Tracked
from app.fulfillment.labels import Access, Followed, LabelGateway
from app.fulfillment.rules import check_number
from app.fulfillment.service.accounts import way_in
from app.fulfillment.service.following import GIVE_UP_AFTER, Follow
from app.fulfillment.service.labelling import Sold
from app.kit import clock
from app.kit.crypto import CannotOpen
from app.kit.errors import CredentialsRefused, Rejected, Unavailable

#: Who has not answered so often, one time after the other, is left alone for the rest of a run.
_PATIENCE = 2

T = TypeVar("T")

logger = log.get("workers.whereabouts")


def tracking_carrier(name: str) -> Carrier | None:
    """The carrier of a name; None where none is known that tells where a parcel is."""
    carrier = registries.carriers.all().get(name)
    return carrier if carrier is not None and carrier.can_track else None


def carrier_named(typed: str, tracking_number: str) -> str:
    """Our name of the carrier that a person typed, else of the one whose number it is; what was typed where none is
    known."""
    carriers = registries.carriers.all()
    name = typed.strip().casefold().replace(" ", "_")
    if name in carriers and name != "manual":
        return name
    return check_number(tracking_number, carriers).carrier or name


def is_over(sold: Sold | None, carrier: Carrier | None, since: datetime, follow: Follow | None = None) -> bool:
    """Whether nobody is to be asked about a parcel any more: nobody can tell, or it was made long ago."""
    nobody_knows = sold is None and carrier is None and (follow is None or not _followers(follow))
    return nobody_knows or since <= clock.now() - GIVE_UP_AFTER


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

    def followed(self, follow: Follow, tracking_number: str) -> Followed | None:
        """What a gateway tells of a parcel that it follows, from now on where it does not yet; None where it is not
        asked any more. Raises the adapter errors: ``Rejected`` where no gateway follows such a number,
        ``CredentialsRefused`` where none lets us in."""
        refusal: Rejected | CredentialsRefused | None = None
        for gateway, access in _followers(follow):
            party = f"gateway {gateway.name}"
            if follow.ref is not None:
                try:
                    return self._ask(party, partial(gateway.followed, access, follow.ref))
                except Rejected:
                    # Another account's, from when there was another one.
                    pass
                except CredentialsRefused as error:
                    refusal = error
                    continue
            try:
                return self._ask(party, partial(gateway.follow, access, follow.carrier, tracking_number))
            except (Rejected, CredentialsRefused) as error:
                refusal = error
        if refusal is not None:
            raise refusal
        return None

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


def _followers(follow: Follow) -> list[tuple[LabelGateway, Access]]:
    """The gateways that can follow a parcel, and as whom: its supplier, then the platform."""
    gateways = registries.labels.all()
    found: list[tuple[LabelGateway, Access]] = []
    own = gateways.get(follow.account.gateway) if follow.account is not None else None
    if own is not None and follow.account is not None and own.follows(follow.carrier):
        try:
            found.append((own, way_in(follow.account)))
        except CannotOpen:
            logger.warning("an account's key can't be opened", owner=str(follow.account.owner_id))
    for gateway in gateways.values():
        account = gateway.platform()
        if account is not None and gateway.follows(follow.carrier):
            found.append((gateway, account.access))
    return found
