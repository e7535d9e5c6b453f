"""Calls that search among two million variants through the HTTP API, all kinds alike, nothing kept."""

from __future__ import annotations

from benchmarks.catalogue_calls import measure_calls
from benchmarks.questions import search_calls
from benchmarks.result import Result


def measure() -> Result:
    """See ``benchmarks/catalogue_calls.py``."""
    return measure_calls("http_search_2m_flat", search_calls, flat=True)
