"""What the API can change. A mutation gets the call and its arguments and returns its payload; refusals become the
payload's ``userErrors``."""

from __future__ import annotations

from tests.simulators.shopify.graphql.mutations.app import APP
from tests.simulators.shopify.graphql.mutations.fulfillment import FULFILLMENT
from tests.simulators.shopify.graphql.mutations.inventory import INVENTORY
from tests.simulators.shopify.graphql.mutations.orders import ORDERS
from tests.simulators.shopify.graphql.mutations.products import PRODUCTS
from tests.simulators.shopify.graphql.mutations.signature import Mutate

__all__ = ["MUTATIONS", "Mutate"]

MUTATIONS: dict[str, Mutate] = {**PRODUCTS, **INVENTORY, **FULFILLMENT, **ORDERS, **APP}
