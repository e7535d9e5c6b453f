"""What goes wrong on a day of orders, how often it does, and how often it did.

What meets an order is thrown by dice of its own, so that it does not depend on who works when.
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Mapping

#: Another seed is another day.
SEED = os.environ.get("ORDER_DAY_SEED", "20261129")
#: So many times the usual trouble, for days of a few orders.
TROUBLE = float(os.environ.get("ORDER_DAY_TROUBLE", "1"))

#: What becomes of a purchase order at its supplier, with how many of a hundred meet it.
FATES: Mapping[str, float] = {
    "ships": 74, "ships in parts": 11, "short": 4, "rejects a line": 4, "backorders": 3, "is silent": 2,
    "rejects": 1, "asks another price": 1,
}  # fmt: skip
#: What a supplier's system gets wrong besides.
SLIPS: Mapping[str, float] = {"": 94, "names a line of another order": 2, "ships too much": 1, "ships twice": 3}
#: What a supplier's system does with a message, where it does not simply take it.
SYSTEM_FAULTS: Mapping[str, float] = {
    "": 96, "drop_after": 1, "error_after": 1, "drop_before": 0.7, "error_before": 0.7, "busy": 0.6,
}  # fmt: skip
#: What comes into a shopper's mind.
SHOPPERS: Mapping[str, float] = {
    "": 91, "cancels": 2, "edits": 1, "moves": 1, "sends back by the retailer": 3, "sends back in the shop": 2,
}  # fmt: skip
#: What an order is held for.
HELD: Mapping[str, float] = {"": 98, "address_incomplete": 1, "address_doubtful": 0.5, "risk_value": 0.5}
#: What hooks do: they come twice.
HOOKS: Mapping[str, float] = {"": 95, "twice": 5}
#: How parcels travel.
WAYS: Mapping[str, float] = {
    "": 94,
    "seen twice": 2,
    "seen to go back": 2,
    "seen after it arrived": 1,
    "tried in vain": 1,
}
#: What a retailer chooses for units that a supplier does not deliver.
CHOICES: Mapping[str, float] = {"refund": 80, "substitute": 20}
#: How a supplier answers what it is asked to change.
ANSWERS: Mapping[str, float] = {"accept": 75, "refuse": 25}
#: How a supplier answers who wants to send something back.
RETURNS: Mapping[str, float] = {"approve": 85, "decline": 7, "credit-without-return": 8}


def dice(*what: str) -> random.Random:
    """The dice of an order, a purchase order, a parcel…"""
    return random.Random("/".join((SEED, *what)))


def met(shares: Mapping[str, float], *what: str) -> str:
    """What of ``shares``, of which the first is no trouble, something meets."""
    usual, *troubles = shares
    return chosen({usual: shares[usual], **{one: shares[one] * TROUBLE for one in troubles}}, *what)


def chosen(shares: Mapping[str, float], *what: str) -> str:
    """What of ``shares`` somebody chooses."""
    return dice(*what).choices(list(shares), list(shares.values()))[0]


class Tally:
    """How often what was met; for all threads."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, *what: str) -> None:
        """Once more."""
        with self._lock:
            self._counts.update(what)

    def counts(self) -> dict[str, int]:
        """All of it, by name."""
        with self._lock:
            return dict(sorted(self._counts.items()))
