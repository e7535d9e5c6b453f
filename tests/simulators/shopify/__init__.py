"""A stateful Shopify: the Admin GraphQL API of the published schema, OAuth, webhooks, an admin and a shop front."""

from tests.simulators.shopify.config import ShopConfig, SimulatorConfig
from tests.simulators.shopify.running import Control, RunningSimulator, start

__all__ = ["Control", "RunningSimulator", "ShopConfig", "SimulatorConfig", "start"]
