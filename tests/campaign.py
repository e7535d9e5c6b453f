"""How long random walks are: few and the same ones in every run of the tests, as many as one likes and others each time
with ``make campaign``."""

from __future__ import annotations

import os


def walks(usual: int) -> int:
    """So many examples, times ``CAMPAIGN``."""
    return usual * int(os.environ.get("CAMPAIGN", "1"))


def same_each_time() -> bool:
    """Whether a test takes the same walks whenever it is run: what it says of a change is due to the change."""
    return "CAMPAIGN" not in os.environ
