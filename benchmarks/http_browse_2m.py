"""Calls that browse among two million variants through the HTTP API."""

from __future__ import annotations

from benchmarks.catalogue_calls import measure_calls
from benchmarks.questions import browse_calls
from benchmarks.result import Result


def measure() -> Result:
    """See ``benchmarks/catalogue_calls.py``."""
    return measure_calls("http_browse_2m", browse_calls)
