"""What this adapter is and can do."""

from __future__ import annotations

from types import MappingProxyType

NAME = "shopify"
LABEL = "Shopify"
CAPABILITIES = frozenset(
    {
        "hooks",
        "push_listings",
        "push_stock",
        "push_prices",
        "read_back",
        "fulfillment_requests",
        "push_tracking",
        "merchant_fulfillment",
        "order_notes",
        "refunds",
        "returns",
        "orders_since",
    }
)
#: Asked of merchants who want it; ``optional_scopes`` of ``shopify.app.toml`` names them too.
OPTIONAL_SCOPES = MappingProxyType(
    {
        "refunds": "write_orders",
        "returns": "write_returns",
        "merchant_fulfillment": "write_merchant_managed_fulfillment_orders",
    }
)
#: Topics of returns: declaring them in ``shopify.app.toml`` would ask every merchant for their permission, so a shop
#: that has given it is subscribed to them by a call.
RETURN_TOPICS = ("returns/request", "returns/approve", "returns/decline", "returns/cancel", "returns/close")
#: Entries that an input list takes (https://shopify.dev/docs/api/usage/limits).
LARGEST_LIST = 250
#: The product metafield that makes a second push find the product of the first: type ``id``, in the namespace
#: that is reserved for the app.
LISTING_KEY = ("$app", "listing_id")
