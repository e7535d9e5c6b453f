"""The market and its money are open to all tests of whole flows."""

from tests.adapters.settings import set_up
from tests.flows.books import books
from tests.flows.storefront import storefront
from tests.market import market, market_anew, stripe_simulator, stripe_url

__all__ = ["books", "market", "market_anew", "set_up", "storefront", "stripe_simulator", "stripe_url"]
