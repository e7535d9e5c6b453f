"""Values that a process remembers for a short time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

from app.kit import clock

T = TypeVar("T")


class Recent(Generic[T]):
    """The values that were put last: at most ``most`` of them, or as many as weigh that much together. For use by
    several threads."""

    def __init__(self, most: int, weigh: Callable[[T], int] = lambda _: 1) -> None:
        self._most, self._weigh, self._weight = most, weigh, 0
        self._kept: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, life: float) -> T | None:
        """What was put under ``key`` less than ``life`` seconds ago."""
        found = self._kept.get(key)
        return found[1] if found is not None and clock.ticks() - found[0] < life else None

    def put(self, key: Hashable, value: T, since: float | None = None) -> None:
        """Remember ``value`` from now on, or from ``since``, a reading of ``clock.ticks``."""
        with self._lock:
            before = self._kept.pop(key, None)
            self._kept[key] = (clock.ticks() if since is None else since, value)
            self._weight += self._weigh(value) - (self._weigh(before[1]) if before else 0)
            while self._weight > self._most and self._kept:
                _, (_, oldest) = self._kept.popitem(last=False)
                self._weight -= self._weigh(oldest)

    def forget(self) -> None:
        """Forget them all."""
        with self._lock:
            self._kept.clear()
            self._weight = 0
