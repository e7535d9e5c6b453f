"""What a shop consists of. Ids are numbers (see ``gid``), money is Decimal in the shop's currency, times are UTC;
statuses are spelled as the GraphQL enums spell them."""

from __future__ import annotations

from tests.simulators.shopify.records.app import Installation, WebhookSubscription
from tests.simulators.shopify.records.catalog import (
    InventoryItem,
    Media,
    Metafield,
    MetafieldDefinition,
    Option,
    OptionValue,
    Product,
    ProductOperation,
    Publication,
    Variant,
)
from tests.simulators.shopify.records.orders import (
    LineItem,
    NewLine,
    NewOrder,
    Order,
    Refund,
    RefundLine,
    Return,
    ReturnLine,
    TimelineEntry,
)
from tests.simulators.shopify.records.places import Address, FulfillmentService, Level, Location, StockChange
from tests.simulators.shopify.records.shipping import (
    Fulfillment,
    FulfillmentEvent,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentOrderLine,
    Hold,
    MerchantRequest,
    Tracking,
)

__all__ = [
    "Address",
    "Fulfillment",
    "FulfillmentEvent",
    "FulfillmentLine",
    "FulfillmentOrder",
    "FulfillmentOrderLine",
    "FulfillmentService",
    "Hold",
    "Installation",
    "InventoryItem",
    "Level",
    "LineItem",
    "Location",
    "Media",
    "MerchantRequest",
    "Metafield",
    "MetafieldDefinition",
    "NewLine",
    "NewOrder",
    "Option",
    "OptionValue",
    "Order",
    "Product",
    "ProductOperation",
    "Publication",
    "Refund",
    "RefundLine",
    "Return",
    "ReturnLine",
    "StockChange",
    "TimelineEntry",
    "Tracking",
    "Variant",
    "WebhookSubscription",
]
