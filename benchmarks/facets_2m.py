"""Counting what fits among two million variants, at 8 clients; the baseline is the same SQL sent by psycopg2."""

from __future__ import annotations

from benchmarks.catalogue import compare
from benchmarks.questions import counting
from benchmarks.result import Result


def measure() -> Result:
    """See the module."""
    return compare("facets_2m", counting)
