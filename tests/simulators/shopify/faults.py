"""What goes wrong on purpose: slow and failing answers, lost connections, and webhooks that come twice, late or
forged."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from threading import Lock

#: Faults of calls to the Admin API.
CALL_KINDS = ("slow", "http_500", "http_502", "http_429", "throttled", "drop_before", "drop_after_effect")
#: Faults of jobs that a call starts: one that never ends.
JOB_KINDS = ("stuck_job",)
#: Faults of deliveries.
DELIVERY_KINDS = ("duplicate_webhook", "late_webhook", "bad_hmac", "lost_webhook")
KINDS = CALL_KINDS + JOB_KINDS + DELIVERY_KINDS


@dataclass(slots=True)
class Fault:
    """A fault that happens ``times`` times, to what matches after the first ``spares`` of it; empty criteria match
    everything. ``operation`` is the name of an operation or of a root field; ``delay_ms`` is for slow and late,
    ``retry_after`` (seconds) for http_429."""

    id: int
    kind: str
    operation: str | None = None
    path: str | None = None
    topic: str | None = None
    shop: str | None = None
    times: int = 1
    spares: int = 0
    delay_ms: int = 0
    retry_after: float | None = None
    happened: int = 0

    def matches(self, *, operations: Collection[str], path: str | None, topic: str | None, shop: str | None) -> bool:
        """Whether a call or delivery is meant."""
        return (
            (self.operation is None or self.operation in operations)
            and (self.path is None or (path is not None and self.path in path))
            and (self.topic is None or self.topic == topic)
            and (self.shop is None or self.shop == shop)
        )


class Faults:
    """The faults that are switched on."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers = itertools.count(1)
        self._active: list[Fault] = []

    def add(self, kind: str, **details: object) -> Fault:
        """Switch a fault on. Raises ValueError for an unknown kind, TypeError for an unknown detail."""
        if kind not in KINDS:
            raise ValueError(f"unknown kind {kind!r}; known are {', '.join(KINDS)}")
        with self._lock:
            fault = Fault(next(self._numbers), kind, **details)  # type: ignore[arg-type]
            self._active.append(fault)
            return fault

    def clear(self) -> None:
        """Switch everything off."""
        with self._lock:
            self._active.clear()

    def active(self) -> list[Fault]:
        """What is still to happen."""
        with self._lock:
            return list(self._active)

    def take(
        self,
        kinds: Collection[str],
        *,
        operations: Collection[str] = (),
        path: str | None = None,
        topic: str | None = None,
        shop: str | None = None,
    ) -> Fault | None:
        """The first matching fault, counted as having happened."""
        if not self._active:
            return None
        with self._lock:
            for fault in self._active:
                if fault.kind in kinds and fault.matches(operations=operations, path=path, topic=topic, shop=shop):
                    if fault.spares:
                        fault.spares -= 1
                        continue
                    fault.happened += 1
                    if fault.happened >= fault.times:
                        self._active.remove(fault)
                    return fault
        return None
