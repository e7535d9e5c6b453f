"""The market is open to all tests of the web."""

from tests.adapters.settings import set_up
from tests.market import market, stripe_simulator, stripe_url

__all__ = ["market", "set_up", "stripe_simulator", "stripe_url"]
