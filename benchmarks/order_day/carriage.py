"""The carrier: brings parcels step by step, now and then sees them twice or in another order, and does not answer."""

from __future__ import annotations

import threading
from typing import Any

from benchmarks.order_day.desk import Desk
from benchmarks.order_day.mix import WAYS, Tally, dice, met
from demo.story import Story

_STEPS: dict[str, tuple[str, ...]] = {
    "": ("in_transit", "out_for_delivery", "delivered"),
    "seen twice": ("in_transit", "in_transit", "out_for_delivery", "out_for_delivery", "delivered", "delivered"),
    "seen to go back": ("in_transit", "out_for_delivery", "in_transit", "pre_transit", "delivered"),
    "seen after it arrived": ("in_transit", "delivered", "in_transit", "out_for_delivery"),
    "tried in vain": ("in_transit", "out_for_delivery", "failure", "out_for_delivery", "delivered"),
}
#: Of a hundred looks so many are followed by a question that it does not answer.
_AWAY = 2


class Carriage(Desk):
    """Parcels take a step with each look."""

    seconds_between = 2.0

    def __init__(self, story: Story, tally: Tally) -> None:
        super().__init__(story, tally)
        self._lock = threading.Lock()
        self._travelling: dict[str, list[str]] = {}
        self._looks = 0

    def label(self) -> str:
        """A new parcel's number."""
        return str(self._ask("/labels")["number"])

    def take(self, number: str) -> None:
        """A parcel was handed over."""
        way = met(WAYS, "way", number) if self.troubled else ""
        if way:
            self.tally.add(f"carrier: {way}")
        with self._lock:
            self._travelling[number] = list(_STEPS[way])

    def look(self) -> None:
        """Move all parcels on."""
        self._looks += 1
        if self.troubled and dice("carrier", str(self._looks)).random() * 100 < _AWAY:
            self._ask("/_sim/faults", {"errors": 1})
            self.tally.add("carrier: does not answer")
        with self._lock:
            due = [(number, steps.pop(0)) for number, steps in self._travelling.items()]
            self._travelling = {number: steps for number, steps in self._travelling.items() if steps}
        for number, step in due:
            self._ask(f"/_sim/parcels/{number}/advance", {"to": step})

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.http.post(f"{self.story.installation.carrier_url}{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()
