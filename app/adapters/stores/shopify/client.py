"""GraphQL calls to a shop's Admin, at the pace that the shop allows.

Each answer tells what is left of the shop's budget (``extensions.cost.throttleStatus``); a call that would be
refused waits for it first. Nothing is hard-coded: plans differ.
https://shopify.dev/docs/api/usage/rate-limits
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app import log
from app.adapters._http import HttpClient
from app.adapters._shopify import API_VERSION, data_of, is_throttled
from app.adapters.stores.shopify.documents import document
from app.config import settings
from app.kit.errors import RateLimited, Unavailable
from app.stores.platform import StoreAccess

#: The longest that one call waits for its turn, in seconds; longer waits go back to the queue.
LONGEST_WAIT = 8.0
_UNKNOWN_COST = 50.0

logger = log.get("adapters.shopify")


@dataclass(slots=True)
class _Budget:
    """What a shop lets us spend: points left at a moment, and points that come back per second."""

    available: float = 1000.0
    restore_rate: float = 50.0
    seen_at: float = 0.0

    def wait_for(self, cost: float, now: float) -> float:
        """Seconds until ``cost`` points are there."""
        held = self.available + (now - self.seen_at) * self.restore_rate
        return max(0.0, (cost - held) / self.restore_rate)


class AdminClient:
    """Calls to the Admin API of any shop. ``sleep`` and ``clock`` are replaced in tests of the pacing."""

    def __init__(
        self, *, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._http = HttpClient(read_seconds=20)
        self._sleep = sleep
        self._clock = clock
        self._budgets: dict[str, _Budget] = {}
        self._costs: dict[str, float] = {}
        self._lock = threading.Lock()

    def call(self, access: StoreAccess, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Run the document ``name``. Returns its data.

        Raises the four adapter errors: ``RateLimited`` when the shop's budget stays short for longer than
        ``LONGEST_WAIT``, ``Rejected`` for a query that the schema or a missing permission refuses.
        """
        shop, waited = access.external_id, 0.0
        while True:
            pause = self._pause(shop, name, LONGEST_WAIT - waited)
            if pause > 0:
                self._sleep(pause)
                waited += pause
            answer = self._send(access, name, variables)
            self._learn(shop, name, answer)
            if not is_throttled(answer):
                return data_of(shop, name, answer)
            logger.info("throttled", shop=shop, operation=name)

    def _send(self, access: StoreAccess, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        base = settings().shopify_admin_url.format(shop=access.external_id)
        answer = self._http.send(
            "POST",
            f"{base}/admin/api/{API_VERSION}/graphql.json",
            headers={"X-Shopify-Access-Token": access.credentials.access_token, "Accept": "application/json"},
            json={"query": document(name), "variables": variables},
        ).json()
        if not isinstance(answer, dict):
            raise Unavailable(f"{access.external_id} answered no object to {name}")
        return answer

    def _pause(self, shop: str, name: str, patience: float) -> float:
        """Seconds until the shop can pay the call, whose points are set aside. Raises ``RateLimited``, and sets
        nothing aside, when that is longer than ``patience``."""
        with self._lock:
            budget = self._budgets.get(shop)
            cost = self._costs.get(name, _UNKNOWN_COST)
            if budget is None:
                return 0.0
            now = self._clock()
            pause = budget.wait_for(cost, now)
            if pause > patience:
                raise RateLimited(f"{shop} asks to slow down", retry_after=pause)
            # What this call will cost is gone for the other threads at once.
            held = budget.available + (now - budget.seen_at) * budget.restore_rate
            budget.available, budget.seen_at = held - cost, now
            return pause

    def _learn(self, shop: str, name: str, answer: Mapping[str, Any]) -> None:
        cost = (answer.get("extensions") or {}).get("cost") or {}
        status = cost.get("throttleStatus") or {}
        with self._lock:
            if cost.get("requestedQueryCost") is not None:
                self._costs[name] = float(cost["requestedQueryCost"])
            if status:
                self._budgets[shop] = _Budget(
                    available=float(status["currentlyAvailable"]),
                    restore_rate=max(1.0, float(status["restoreRate"])),
                    seen_at=self._clock(),
                )
