"""Who ships what: after an order is placed, a job of Shopify's forms one fulfilment order per location."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulators.shopify.records import FulfillmentOrder, FulfillmentOrderLine, LineItem, Order
from tests.simulators.shopify.shop import Shop
from tests.simulators.shopify.webhooks import payloads

if TYPE_CHECKING:
    from tests.simulators.shopify.world import World


@dataclass(slots=True)
class Share:
    """Units of a line that a location ships."""

    line: LineItem
    location: int
    quantity: int


def route_later(world: World, shop: Shop, order: Order, shares: Sequence[Share]) -> None:
    """Form the fulfilment orders after the simulator's routing delay."""

    def run() -> None:
        with world.lock:
            if order.cancelled_at is None:
                route(world, shop, order, shares)

    world.scheduler.after(world.config.routing_delay, run)


def route(world: World, shop: Shop, order: Order, shares: Sequence[Share]) -> list[FulfillmentOrder]:
    """Form fulfilment orders for shares of lines that need shipping, one per location."""
    by_location: dict[int, list[Share]] = {}
    for share in shares:
        wanted = min(share.quantity, share.line.current_quantity - share.line.fulfilled)
        if wanted > 0:
            by_location.setdefault(share.location, []).append(Share(share.line, share.location, wanted))
    made = [
        form(world, shop, order, location, [(share.line.id, share.quantity) for share in parts])
        for location, parts in by_location.items()
    ]
    order.routed = True
    for one in made:
        world.courier.publish(
            shop,
            "fulfillment_orders/order_routing_complete",
            lambda one=one: {"fulfillment_order": payloads.fulfillment_order(one, with_request=False)},  # type: ignore[misc]
        )
    return made


def form(world: World, shop: Shop, order: Order, location: int, lines: Sequence[tuple[int, int]]) -> FulfillmentOrder:
    """One fulfilment order for (line item, units) at a location."""
    now = world.clock.now()
    one = FulfillmentOrder(
        id=world.ids(),
        order_id=order.id,
        location_id=location,
        lines=[FulfillmentOrderLine(world.ids(), line, count, count) for line, count in lines],
        destination=order.shipping_address,
        destination_email=order.email,
        created_at=now,
        updated_at=now,
    )
    order.fulfillment_orders.append(one)
    shop.fulfillment_orders[one.id] = one
    return one
