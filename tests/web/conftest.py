"""The market is open to all tests of the web; it is put back between them, not made anew."""

import pytest

from tests.adapters.settings import set_up
from tests.market import Market, market_put_back, stripe_simulator, stripe_url


@pytest.fixture
def market(market_put_back: Market) -> Market:
    """See ``tests/market.py``."""
    return market_put_back


__all__ = ["market", "market_put_back", "set_up", "stripe_simulator", "stripe_url"]
