"""The market and its money are open to all tests of whole flows."""

from tests.adapters.settings import set_up
from tests.flows.books import books
from tests.market import market, stripe_simulator, stripe_url

__all__ = ["books", "market", "set_up", "stripe_simulator", "stripe_url"]
