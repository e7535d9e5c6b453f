"""Calls that browse among two million variants through the HTTP API, all kinds alike, nothing kept."""

from __future__ import annotations

from benchmarks.catalogue_calls import measure_calls
from benchmarks.questions import browse_calls
from benchmarks.result import Result


def measure() -> Result:
    """See ``benchmarks/catalogue_calls.py``."""
    return measure_calls("http_browse_2m_flat", browse_calls, flat=True)
