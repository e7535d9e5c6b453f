"""Topics, as the API's enum (``ORDERS_PAID``) and as deliveries (``orders/paid``) spell them."""

from __future__ import annotations

_RESOURCES = (
    "app_subscriptions",
    "app",
    "bulk_operations",
    "customers",
    "fulfillment_holds",
    "fulfillment_orders",
    "fulfillment_events",
    "fulfillments",
    "inventory_items",
    "inventory_levels",
    "locations",
    "orders",
    "products",
    "refunds",
    "returns",
    "shop",
    "variants",
)


def topic_of(name: str) -> str:
    """``FULFILLMENT_ORDERS_MOVED`` → ``fulfillment_orders/moved``. Topics that the simulator never publishes are
    split after their first word."""
    lower = name.lower()
    for resource in _RESOURCES:
        if lower.startswith(f"{resource}_"):
            return f"{resource}/{lower.removeprefix(f'{resource}_')}"
    resource, _, event = lower.partition("_")
    return f"{resource}/{event}"
