"""A supplier's first file: 100,000 variants of 25,000 products as Excel writes them, read, compared and taken over."""

from __future__ import annotations

from benchmarks.feeds import as_xlsx, first_import, lines
from benchmarks.result import Result


def measure() -> Result:
    """One file on empty tables. ``p50_ms`` is the check's time, ``p99_ms`` the taking over's."""
    return first_import("import_xlsx_100k", as_xlsx(lines()), "list.xlsx", "sheet")
