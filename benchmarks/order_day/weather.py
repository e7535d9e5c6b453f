"""The store's platform has its moments: it is slow, away, or loses an answer, and its hooks come late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.order_day.desk import Desk
from benchmarks.order_day.mix import Tally, dice
from demo.story import Story

#: Kind → what it is like.
_FAULTS: Mapping[str, Mapping[str, Any]] = {
    "slow": {"delay_ms": 1500},
    "http_500": {},
    "http_502": {},
    "http_429": {"retry_after": 1},
    "drop_before": {},
    "drop_after_effect": {},
    "duplicate_webhook": {},
    "late_webhook": {"delay_ms": 2000},
}


class Weather(Desk):
    """One thing goes wrong with the store at each look."""

    seconds_between = 4.0

    def __init__(self, story: Story, tally: Tally) -> None:
        super().__init__(story, tally)
        self._looks = 0

    def look(self) -> None:
        """The next fault."""
        self._looks += 1
        if not self.troubled or self.story.control.faults():
            return
        kind = dice("weather", str(self._looks)).choice(list(_FAULTS))
        self.story.control.add_fault(kind, **_FAULTS[kind])
        self.tally.add(f"store: {kind}")
