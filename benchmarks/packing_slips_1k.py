"""A thousand packing slips as one PDF, drawn by ``app.documents``; the baseline is fpdf2 alone, in a plain loop that
sets the same words with the same fonts: without barcodes, rules, columns and places."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.result import Result

SLIPS = 1000


def measure() -> Result:
    """Both sides, each in a process of its own, the better of two."""
    baseline = max((_run("bare") for _ in range(2)), key=lambda one: SLIPS / one["seconds"])
    ours = max((_run("ours") for _ in range(2)), key=lambda one: SLIPS / one["seconds"])
    value, least = SLIPS / ours["seconds"], SLIPS / baseline["seconds"]
    return Result(
        case="packing_slips_1k",
        value=value,
        unit="slips/s",
        baseline=least,
        ratio=value / least,
        p50_ms=0.0,
        p99_ms=0.0,
        n=SLIPS,
        peak_mb=ours["peak_mb"],
    )


def _run(which: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.slips_job", which, str(SLIPS)], stdout=subprocess.PIPE, check=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
