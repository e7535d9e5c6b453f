"""What carrying orders costs of the processors, and what a day of 50,000 would."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processor_time import between, spent

#: The blueprint's largest column, and its seconds.
A_DAY, SECONDS_A_DAY = 50_000, 86_400
CORES = 2
#: What a day may take of all cores.
LARGEST_LOAD = 0.5
_IDLE_SECONDS = 20.0
#: What the processes belong to.
_PARTS: Mapping[str, str] = {
    "web": "web", "relay": "relay, clock", "clock": "relay, clock", "postgres": "PostgreSQL", "valkey": "Valkey",
    "shopify": "simulators", "stripe": "simulators", "carrier": "simulators",
}  # fmt: skip
_SIMULATORS = ("shopify", "stripe", "carrier")


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of processor time by process, of ``orders`` carried in ``took`` seconds; and seconds per second of the
    same processes while nobody buys."""

    seconds: Mapping[str, float]
    idle: Mapping[str, float]
    took: float
    orders: int

    def table(self) -> str:
        """Milliseconds per order by part and by process, without what would have been spent anyway; what is spent
        anyway; and what both are of the machine on a day of 50,000."""
        each = {name: (spent - self.idle.get(name, 0.0) * self.took) * 1000 / self.orders
                for name, spent in self.seconds.items()}  # fmt: skip
        parts: dict[str, float] = {}
        for name, cost in each.items():
            part = _PARTS.get(name, "workers")
            parts[part] = parts.get(part, 0.0) + cost
        own = sum(cost for part, cost in parts.items() if part != "simulators")
        gross = self._own(self.seconds) * 1000 / self.orders
        return (
            f"processor time per order, ms: {_listed(parts)}; without the simulators {own:.1f} "
            f"({gross:.1f} with what is spent while nobody buys: {self._own(self.idle) * 1000:.0f} ms a second)\n"
            f"by process: {_listed(each)}\n"
            f"{A_DAY} orders a day are {self.load:.0%} of {CORES} cores\n"
        )

    @property
    def load(self) -> float:
        """What a day of 50,000 takes of all cores: a share."""
        idle = self._own(self.idle)
        return ((self._own(self.seconds) - idle * self.took) / self.orders * A_DAY / SECONDS_A_DAY + idle) / CORES

    def _own(self, seconds: Mapping[str, float]) -> float:
        return sum(one for name, one in seconds.items() if name not in _SIMULATORS)


def idle_costs(pids: Path) -> dict[str, float]:
    """Seconds of processor time a second of each process while nobody buys; suppliers look for orders all the same."""
    before, begun = spent(pids), time.perf_counter()
    time.sleep(_IDLE_SECONDS)
    took = time.perf_counter() - begun
    return {name: seconds / took for name, seconds in between(before, spent(pids)).items()}


def _listed(costs: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {cost:.1f}" for name, cost in sorted(costs.items(), key=lambda one: -one[1]))
