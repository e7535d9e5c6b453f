"""One shop: its records, and how to find them."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime

from tests.simulators.shopify.records import (
    Fulfillment,
    FulfillmentOrder,
    FulfillmentService,
    Installation,
    InventoryItem,
    Level,
    LineItem,
    Location,
    Metafield,
    MetafieldDefinition,
    Order,
    Product,
    ProductOperation,
    Publication,
    StockChange,
    Variant,
    WebhookSubscription,
)

ONLINE_STORE = "Online Store"
_HISTORY = 2000


@dataclass(slots=True)
class Shop:
    """The state of one shop. Dictionaries are keyed by id and keep the order of creation."""

    id: int
    domain: str
    name: str
    currency: str
    country: str
    email: str
    created_at: datetime
    timezone: str = "America/New_York"
    plan: str = "Basic"
    products: dict[int, Product] = field(default_factory=dict)
    variants: dict[int, Variant] = field(default_factory=dict)
    items: dict[int, InventoryItem] = field(default_factory=dict)
    locations: dict[int, Location] = field(default_factory=dict)
    services: dict[int, FulfillmentService] = field(default_factory=dict)
    #: Item → location → level.
    levels: defaultdict[int, dict[int, Level]] = field(default_factory=lambda: defaultdict(dict))
    publications: dict[int, Publication] = field(default_factory=dict)
    definitions: dict[int, MetafieldDefinition] = field(default_factory=dict)
    #: Metafields of shop, orders and the app; those of products and variants are kept with them.
    metafields: dict[str, list[Metafield]] = field(default_factory=dict)
    #: (owner type, namespace, key, value) → id of the owner, for definitions with unique values.
    unique_values: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    fulfillment_orders: dict[int, FulfillmentOrder] = field(default_factory=dict)
    fulfillments: dict[int, Fulfillment] = field(default_factory=dict)
    line_items: dict[int, LineItem] = field(default_factory=dict)
    orders_by_token: dict[str, Order] = field(default_factory=dict)
    handles: dict[str, int] = field(default_factory=dict)
    #: SKU → ids of the variants that bear it.
    skus: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    operations: dict[int, ProductOperation] = field(default_factory=dict)
    #: Ids of jobs that were started, and whether they are done.
    jobs: dict[int, bool] = field(default_factory=dict)
    subscriptions: dict[int, WebhookSubscription] = field(default_factory=dict)
    stock_history: deque[StockChange] = field(default_factory=lambda: deque(maxlen=_HISTORY))
    installation: Installation | None = None
    installs: int = 0
    next_order_number: int = 1001

    @property
    def handle(self) -> str:
        """The part of the domain before ``.myshopify.com``, which the admin's addresses use."""
        return self.domain.removesuffix(".myshopify.com")

    @property
    def online_store(self) -> Publication:
        """The publication of the shop front."""
        return next(one for one in self.publications.values() if one.name == ONLINE_STORE)

    @property
    def primary_location(self) -> Location:
        """The merchant's own first location."""
        return next(one for one in self.locations.values() if one.service_id is None)

    def level(self, item: int, location: int) -> Level | None:
        """The stock of an item at a location; None where there never was any."""
        return self.levels[item].get(location) if item in self.levels else None

    def sellable(self, variant: Variant) -> int | None:
        """How many a shopper can buy, over all active locations; None when it isn't limited."""
        if not variant.item.tracked or variant.inventory_policy == "CONTINUE":
            return None
        stocked = self.levels.get(variant.item.id, {})
        return sum(
            max(level.available, 0)
            for place, level in stocked.items()
            if level.active and self.locations[place].is_active
        )

    def offered(self) -> list[Product]:
        """The products that the shop front shows: active and published on the online store."""
        channel = self.online_store.id
        return [one for one in self.products.values() if one.status == "ACTIVE" and channel in one.publications]

    def variant_by_sku(self, sku: str) -> Variant | None:
        """The first variant with the SKU."""
        numbers = self.skus.get(sku)
        return self.variants[min(numbers)] if numbers else None

    def product_by_handle(self, handle: str) -> Product | None:
        """The product at ``/products/<handle>``."""
        number = self.handles.get(handle)
        return None if number is None else self.products.get(number)

    def order_by_number(self, number: int) -> Order | None:
        """The order #<number>."""
        return next((order for order in self.orders.values() if order.number == number), None)

    def order_by_token(self, token: str) -> Order | None:
        """The order whose status page bears the token."""
        return self.orders_by_token.get(token)

    def service_of(self, location: int) -> FulfillmentService | None:
        """The fulfilment service behind a location; None for the merchant's own."""
        place = self.locations.get(location)
        return None if place is None or place.service_id is None else self.services.get(place.service_id)
