"""What was asked of the simulator, counted."""

from __future__ import annotations

from collections import Counter
from threading import Lock


class Counters:
    """Requests by operation, throttled and failed ones, and points spent."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.reset()

    def reset(self) -> None:
        """Start from zero."""
        with self._lock:
            self._operations: Counter[str] = Counter()
            self._throttled: Counter[str] = Counter()
            self._costs: Counter[str] = Counter()
            self._requests: Counter[str] = Counter()

    def request(self, kind: str) -> None:
        """A request of a kind that is no GraphQL operation: a token, a page."""
        with self._lock:
            self._requests[kind] += 1

    def executed(self, operation: str, cost: float) -> None:
        """An operation ran and cost its points."""
        with self._lock:
            self._operations[operation] += 1
            self._costs[operation] += round(cost)

    def throttled(self, operation: str) -> None:
        """An operation was refused for want of points."""
        with self._lock:
            self._throttled[operation] += 1

    def read(self) -> dict[str, dict[str, int]]:
        """All counts."""
        with self._lock:
            return {
                "operations": dict(self._operations),
                "throttled": dict(self._throttled),
                "cost": dict(self._costs),
                "requests": dict(self._requests),
            }
