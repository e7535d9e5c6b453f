"""One call: whose it is and what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulators.shopify.gid import BadGid, split_gid
from tests.simulators.shopify.graphql.problems import BadInput
from tests.simulators.shopify.records import FulfillmentOrder, Order
from tests.simulators.shopify.shop import Shop

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World


@dataclass(slots=True)
class Call:
    """The context that resolvers get. ``scopes`` includes the read scopes that write scopes imply."""

    world: World
    shop: Shop
    scopes: frozenset[str]
    #: Idempotency keys that another request is working on.
    busy_keys: frozenset[str] = frozenset()

    def money(self, amount: Decimal) -> dict[str, Any]:
        """``MoneyV2`` in the shop's currency."""
        return {"amount": amount, "currencyCode": self.shop.currency}

    def bag(self, amount: Decimal, order: Order | None = None) -> dict[str, Any]:
        """``MoneyBag``: in the shop's currency, and in that in which the shopper paid for the order."""
        money = self.money(amount)
        if order is None:
            return {"shopMoney": money, "presentmentMoney": money}
        paid = {"amount": order.paid_in(amount), "currencyCode": order.presentment_currency}
        return {"shopMoney": money, "presentmentMoney": paid}

    def sees(self, one: FulfillmentOrder) -> bool:
        """Whether the token may read a fulfilment order: the app's own services' with the assigned or third-party
        scope, the merchant's with the merchant-managed one."""
        if self.shop.service_of(one.location_id) is None:
            return "read_merchant_managed_fulfillment_orders" in self.scopes
        return bool(self.scopes & {"read_assigned_fulfillment_orders", "read_third_party_fulfillment_orders"})

    def may_fulfil(self, one: FulfillmentOrder) -> bool:
        """Whether the token may ship what a fulfilment order holds: any of three scopes opens the mutation, this one
        the fulfilment order."""
        if self.shop.service_of(one.location_id) is None:
            return "write_merchant_managed_fulfillment_orders" in self.scopes
        return bool(self.scopes & {"write_assigned_fulfillment_orders", "write_third_party_fulfillment_orders"})


def number(text: str, *kinds: str) -> int:
    """The number of a global id of one of these types; 0 (no record's) for another type. Raises BadInput."""
    try:
        kind, found = split_gid(text)
    except BadGid as error:
        raise BadInput(str(error), "INVALID_GLOBAL_ID") from None
    return found if not kinds or kind in kinds else 0
