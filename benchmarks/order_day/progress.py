"""What is told on standard error while the day goes on; standard output is for the result."""

from __future__ import annotations

import sys
import time
from datetime import timedelta

from benchmarks.order_day import standing

#: Seconds between two words about how far it is.
TELL_EVERY = 15.0


def write(text: str) -> None:
    """A line, at once."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class Progress:
    """How far the shoppers are, told now and then."""

    def __init__(self, what: str, orders: int) -> None:
        self._what, self._orders = what, orders
        self._begun = self._told = time.monotonic()

    def tell(self, number: int) -> None:
        """This many were bought."""
        now = time.monotonic()
        if not self._what or not number or now - self._told < TELL_EVERY:
            return
        self._told = now
        pace = number / (now - self._begun)
        left = timedelta(seconds=round((self._orders - number) / pace))
        write(
            f"{self._what}: {number} of {self._orders} bought, {pace:.1f} a second, {left} left, "
            f"{standing.owed()} tasks wait"
        )
