"""How the fields of modelled types are read, and the queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.simulators.shopify import counting, records
from tests.simulators.shopify.graphql.fields.fulfillment import FULFILLMENT
from tests.simulators.shopify.graphql.fields.inventory import INVENTORY
from tests.simulators.shopify.graphql.fields.orders import ORDERS
from tests.simulators.shopify.graphql.fields.products import PRODUCTS
from tests.simulators.shopify.graphql.fields.queries import QUERIES
from tests.simulators.shopify.graphql.fields.shops import SHOPS
from tests.simulators.shopify.shop import Shop

__all__ = ["OBJECTS", "QUERIES", "TYPE_NAMES"]

#: Type name → field name → resolver.
OBJECTS: dict[str, dict[str, Callable[..., Any]]] = {**SHOPS, **PRODUCTS, **INVENTORY, **ORDERS, **FULFILLMENT}

#: For interfaces and unions: which type a record is.
TYPE_NAMES: dict[type, str] = {
    Shop: "Shop",
    records.Product: "Product",
    records.Variant: "ProductVariant",
    records.InventoryItem: "InventoryItem",
    records.Level: "InventoryLevel",
    records.Location: "Location",
    records.Media: "MediaImage",
    records.Metafield: "Metafield",
    records.MetafieldDefinition: "MetafieldDefinition",
    records.Publication: "Publication",
    records.FulfillmentService: "FulfillmentService",
    records.Installation: "AppInstallation",
    records.Order: "Order",
    records.LineItem: "LineItem",
    records.FulfillmentOrder: "FulfillmentOrder",
    records.Fulfillment: "Fulfillment",
    records.FulfillmentEvent: "FulfillmentEvent",
    records.Refund: "Refund",
    records.Return: "Return",
    records.ReturnLine: "ReturnLineItem",
    records.WebhookSubscription: "WebhookSubscription",
    counting.Adjustment: "InventoryAdjustmentGroup",
}
