"""Hooks out: signed as Stripe signs, sent again until they are taken (https://docs.stripe.com/webhooks)."""

from __future__ import annotations

import hashlib
import heapq
import hmac
import itertools
import json
import random
import threading
import time
from dataclasses import dataclass, field

import requests

from tests.simulators.stripe.world import Object, World

#: Seconds after which a refused hook is sent again, before scaling.
_RETRIES = (300, 1800, 7200, 18_000, 36_000, 36_000)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where hooks of a scope go: ``platform``, ``connect`` or ``thin``. ``enabled``: the types of events that it wants;
    None for all (``enabled_events`` at Stripe)."""

    scope: str
    url: str
    secret: str
    enabled: frozenset[str] | None = None

    def wants(self, kind: str) -> bool:
        """Whether events of this type are sent here."""
        return self.enabled is None or kind in self.enabled


@dataclass(slots=True)
class Knobs:
    """What the courier does wrong on request."""

    duplicate: bool = False
    drop: bool = False
    delay: float = 0.0
    stale: bool = False
    bad_signature: bool = False


@dataclass(slots=True)
class Delivery:
    """One try, for looking at."""

    event: str
    kind: str
    url: str
    status: int
    attempt: int


@dataclass(slots=True)
class Courier:
    """Delivers from threads of its own, in the order of due times."""

    world: World
    endpoints: list[Endpoint]
    retry_scale: float = 0.001
    knobs: Knobs = field(default_factory=Knobs)
    log: list[Delivery] = field(default_factory=list)
    _due: list[tuple[float, int, Endpoint, Object, int]] = field(default_factory=list)
    _counter: itertools.count[int] = field(default_factory=itertools.count)
    _wake: threading.Condition = field(default_factory=threading.Condition)

    def start(self, threads: int = 4) -> None:
        """Begin to deliver."""
        self.world.listeners.append(self.send)
        for _ in range(threads):
            threading.Thread(target=self._work, daemon=True).start()

    def send(self, scope: str, event: Object) -> None:
        """Put an event on its way."""
        if self.knobs.drop:
            return
        listening = [one for one in self.endpoints if one.scope == scope]
        wanted = [one for one in listening if one.wants(event["type"])]
        if listening and not wanted:
            self._settled(event)
        for endpoint in wanted:
            for _ in range(2 if self.knobs.duplicate else 1):
                self._put(time.monotonic() + self.knobs.delay, endpoint, event, 0)

    def _put(self, due: float, endpoint: Endpoint, event: Object, attempt: int) -> None:
        with self._wake:
            heapq.heappush(self._due, (due, next(self._counter), endpoint, event, attempt))
            self._wake.notify()

    def _work(self) -> None:
        session = requests.Session()
        while True:
            with self._wake:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._wake.wait(max(0.01, self._due[0][0] - time.monotonic()) if self._due else None)
                _, _, endpoint, event, attempt = heapq.heappop(self._due)
            status = self._post(session, endpoint, event)
            self.log.append(Delivery(event["id"], event["type"], endpoint.url, status, attempt))
            taken = 200 <= status < 300
            if taken:
                self._settled(event)
            if not taken and attempt < len(_RETRIES):
                wait = _RETRIES[attempt] * self.retry_scale * random.uniform(0.8, 1.2)
                self._put(time.monotonic() + wait, endpoint, event, attempt + 1)

    def _settled(self, event: Object) -> None:
        """Nobody waits for it any more."""
        if event["id"] in self.world.hidden:
            self.world.hidden[event["id"]]["delivered"] = True
            event["pending_webhooks"] = 0

    def _post(self, session: requests.Session, endpoint: Endpoint, event: Object) -> int:
        body = json.dumps(event)
        moment = self.world.now() - (3600 if self.knobs.stale else 0)
        secret = "whsec_wrong" if self.knobs.bad_signature else endpoint.secret
        signature = hmac.digest(secret.encode(), f"{moment}.{body}".encode(), hashlib.sha256).hex()
        headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={moment},v1={signature}"}
        try:
            return session.post(endpoint.url, data=body, headers=headers, timeout=10).status_code
        except requests.RequestException:
            return 0
