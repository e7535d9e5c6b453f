"""What the simulated Stripe holds: objects in the API's own shape, accounts' balance transactions, events.

One lock guards it all. Time is real, plus what a test added.
"""

from __future__ import annotations

import copy
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.simulators.stripe.contract import Contract
from tests.simulators.stripe.errors import missing

PLATFORM = "platform"
API_VERSION = "2026-10-28.endive"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
Object = dict[str, Any]
#: What a world holds besides its time and its listeners.
Held = tuple[Any, ...]


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next ``times`` matching requests."""

    kind: str
    times: int
    path: str = ""
    method: str = ""
    delay_ms: int = 0


@dataclass(slots=True)
class World:
    """Everything."""

    public_url: str
    bypass_pending: bool = False
    contract: Contract = field(default_factory=Contract)
    lock: threading.RLock = field(default_factory=threading.RLock)
    objects: dict[str, Object] = field(default_factory=dict)
    #: Ids of each kind of object, oldest first.
    kinds: dict[str, list[str]] = field(default_factory=dict)
    #: Things about an object that the API does not show.
    hidden: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Account → ids of its balance transactions.
    books: dict[str, list[str]] = field(default_factory=dict)
    #: (account, key) → (fingerprint, status, body); status None while the first request is being carried out.
    keys: dict[tuple[str, str], tuple[str, int | None, Any, float]] = field(default_factory=dict)
    thin_events: list[Object] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    ahead: float = 0.0
    #: Told of every event, with its scope; the courier listens.
    listeners: list[Callable[[str, Object], None]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def now(self) -> int:
        """Seconds since 1970."""
        return int(time.time() + self.ahead)

    def forget(self) -> None:
        """Nothing was ever made; the time stays, and so do the listeners."""
        for held in self._held():
            held.clear()

    def as_it_is(self) -> Held:
        """A copy of all there is, for ``put_back``."""
        return copy.deepcopy(self._held())

    def put_back(self, held: Held) -> None:
        """What was made since then was never made; the time stays, and so do the listeners."""
        self.objects, self.kinds, self.hidden, self.books, self.keys, self.thin_events, self.faults = copy.deepcopy(
            held
        )

    def _held(self) -> Held:
        return self.objects, self.kinds, self.hidden, self.books, self.keys, self.thin_events, self.faults

    def new_id(self, prefix: str) -> str:
        """An id in Stripe's form, never given twice."""
        number, text = next(self._numbers) * 2654435761 % 62**8, ""
        for _ in range(8):
            number, digit = divmod(number, 62)
            text = _ALPHABET[digit] + text
        return f"{prefix}_1Sim{self.now() % 10**6:06d}{text}"

    def make(self, kind: str, schema: str, prefix: str, **values: Any) -> Object:
        """A new object: the schema's required fields at their plainest, then ``values``."""
        made = self.contract.skeleton(schema)
        made |= {"id": self.new_id(prefix), "object": schema, "livemode": False, "created": self.now(), **values}
        self.objects[made["id"]] = made
        self.kinds.setdefault(kind, []).append(made["id"])
        self.hidden[made["id"]] = {}
        return made

    def get(self, kind: str, object_id: str, *, param: str = "id") -> Object:
        """An object by its id. Raises the 404 that Stripe answers."""
        if object_id in self.kinds.get(kind, ()):
            return self.objects[object_id]
        raise missing(kind.replace("_", ""), object_id, param)

    def all(self, kind: str) -> list[Object]:
        """Objects of a kind, newest first."""
        return [self.objects[object_id] for object_id in reversed(self.kinds.get(kind, []))]

    # Money

    def book(
        self, account: str, kind: str, category: str, amount: int, currency: str, source: str, **more: Any
    ) -> Object:
        """A line in an account's books. ``fee`` is taken from it; ``available_on`` defaults to now."""
        fee = int(more.get("fee", 0))
        line = self.make(
            "balance_transaction",
            "balance_transaction",
            "txn",
            type=kind,
            reporting_category=category,
            amount=amount,
            fee=fee,
            net=amount - fee,
            currency=currency,
            source=source,
            available_on=int(more.get("available_on", self.now())),
            balance_type="payments",
            fee_details=(
                [
                    {
                        "amount": fee,
                        "application": None,
                        "currency": currency,
                        "description": "Stripe processing fees",
                        "type": "stripe_fee",
                    }
                ]
                if fee
                else []
            ),
            description=more.get("description"),
            exchange_rate=None,
            status="available",
        )
        self.books.setdefault(account, []).append(line["id"])
        return line

    def lines(self, account: str) -> list[Object]:
        """An account's books, oldest first, each with its status of this moment."""
        found = []
        for line_id in self.books.get(account, []):
            line = self.objects[line_id]
            line["status"] = "available" if line["available_on"] <= self.now() else "pending"
            found.append(line)
        return found

    def balance(self, account: str) -> dict[str, tuple[int, int]]:
        """Currency → (available, pending)."""
        totals: dict[str, list[int]] = {}
        for line in self.lines(account):
            bucket = totals.setdefault(line["currency"], [0, 0])
            bucket[0 if line["status"] == "available" else 1] += line["net"]
        return {currency: (available, pending) for currency, (available, pending) in totals.items()}

    def available(self, account: str, currency: str) -> int:
        """What an account can use now."""
        return self.balance(account).get(currency, (0, 0))[0]

    def settles_on(self) -> int:
        """When money of a charge made now becomes available: two business days on, at midnight UTC."""
        if self.bypass_pending:
            return self.now()
        day = datetime.fromtimestamp(self.now(), UTC)
        left = 2
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < 5
        return int(day.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())

    # Events

    def tell(self, kind: str, about: Object, *, account: str = PLATFORM) -> None:
        """A snapshot event."""
        event = self.make(
            "event",
            "event",
            "evt",
            type=kind,
            api_version=API_VERSION,
            data={"object": _copied(about)},
            pending_webhooks=1,
            request={"id": None, "idempotency_key": None},
        )
        if account != PLATFORM:
            event["account"] = account
        self._hear("platform" if account == PLATFORM else "connect", event)

    def tell_thin(self, kind: str, about: Object, url: str) -> None:
        """A v2 event: it names the object, and the receiver reads it."""
        event = {
            "id": self.new_id("evt"),
            "object": "v2.core.event",
            "type": kind,
            "created": datetime.fromtimestamp(self.now(), UTC).isoformat().replace("+00:00", "Z"),
            "livemode": False,
            "related_object": {"id": about["id"], "type": "v2.core.account", "url": url},
        }
        self.thin_events.append(event)
        self._hear("thin", event)

    def _hear(self, scope: str, event: Object) -> None:
        for listener in self.listeners:
            listener(scope, event)


def _copied(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: _copied(value) for key, value in thing.items()}
    return [_copied(one) for one in thing] if isinstance(thing, list) else thing
