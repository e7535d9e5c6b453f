"""One measured case, as it is printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """``value`` and ``baseline`` in ``unit``; ``ratio`` is value / baseline for rates, and says so in docs otherwise.
    ``p50_ms`` and ``p99_ms`` are of ``n`` single operations, in milliseconds."""

    case: str
    value: float
    unit: str
    baseline: float
    ratio: float
    p50_ms: float
    p99_ms: float
    n: int
    #: Of the measured process, where memory is a goal.
    peak_mb: float | None = None
    #: What the largest day that is planned for takes of the machine: a share of all cores.
    load: float | None = None

    def print(self) -> None:
        """One JSON line on standard output."""
        rounded = {
            "case": self.case,
            "value": round(self.value, 3),
            "unit": self.unit,
            "baseline": round(self.baseline, 3),
            "ratio": round(self.ratio, 3),
            "p50_ms": round(self.p50_ms, 2),
            "p99_ms": round(self.p99_ms, 2),
            "n": self.n,
        }
        if self.peak_mb is not None:
            rounded["peak_mb"] = round(self.peak_mb)
        if self.load is not None:
            rounded["load"] = round(self.load, 3)
        sys.stdout.write(json.dumps(rounded) + "\n")
        sys.stdout.flush()


def percentile(seconds: Sequence[float], share: float) -> float:
    """The value below which ``share`` of the sorted values lie, in milliseconds."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0
