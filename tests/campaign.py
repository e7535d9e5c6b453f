"""How long random walks are: short in every run of the tests, as long as one likes with ``make campaign``."""

from __future__ import annotations

import os


def walks(usual: int) -> int:
    """So many examples, times ``CAMPAIGN``."""
    return usual * int(os.environ.get("CAMPAIGN", "1"))
