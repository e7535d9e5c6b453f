"""``python -m benchmarks [case …]``: run the cases named, or all but the long ones; a JSON line each."""

from __future__ import annotations

import importlib
import sys

CASES = (
    "place_order", "webhook_accept", "webhook_to_po", "stock_fanout", "import_csv_100k", "import_xlsx_100k",
    "reimport_delta",
    "route_order",
    "packing_slips_1k",
    "search_2m",
    "facets_2m",
    "browse_2m",
    "http_search_2m",
    "http_search_2m_flat",
    "http_browse_2m",
    "http_browse_2m_flat",
)  # fmt: skip

#: Run only when they are named: they take hours.
LONG = ("order_day",)


def main() -> int:
    """Run what is asked for."""
    wanted = sys.argv[1:] or list(CASES)
    unknown = [case for case in wanted if case not in (*CASES, *LONG)]
    if unknown:
        sys.stderr.write(f"no such case: {', '.join(unknown)}; there are {', '.join((*CASES, *LONG))}\n")
        return 2
    for case in wanted:
        importlib.import_module(f"benchmarks.{case}").measure().print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
