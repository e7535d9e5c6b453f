"""Things that happen a moment later: fulfilment orders are routed, media become ready, deliveries are tried again."""

from __future__ import annotations

import heapq
import itertools
import time
import traceback
from collections.abc import Callable
from threading import Condition, Thread


class Scheduler:
    """Runs actions at their time, one after another, on one thread; actions must be quick."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = Condition()
        self._closed = False
        Thread(target=self._run, name="scheduler", daemon=True).start()

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Run ``action`` in ``seconds``."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._order), action))
            self._changed.notify()

    def close(self) -> None:
        """Forget what was still to happen."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (not self._due or self._due[0][0] > time.monotonic()):
                    self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
                if self._closed:
                    return
                _, _, action = heapq.heappop(self._due)
            try:
                action()
            except Exception:  # noqa: BLE001 - what fails must not end all that is still to happen
                traceback.print_exc()
