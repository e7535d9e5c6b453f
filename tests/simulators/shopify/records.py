"""What a shop consists of. Ids are numbers (see ``gid``), money is Decimal in the shop's currency, times are UTC;
statuses are spelled as the GraphQL enums spell them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(slots=True)
class Address:
    """A postal address; ``country_code`` is ISO 3166-1 alpha-2, ``province_code`` the part after the dash of 3166-2."""

    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    province_code: str | None = None
    zip: str | None = None
    country: str | None = None
    country_code: str | None = None
    phone: str | None = None

    @property
    def name(self) -> str:
        """First and last name."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)


@dataclass(slots=True)
class Media:
    """An image of a product; it is fetched after the call that named it (``UPLOADED`` → ``READY``)."""

    id: int
    url: str
    alt: str | None
    created_at: datetime
    status: str = "UPLOADED"


@dataclass(slots=True)
class Metafield:
    """A custom value of a record. Definitions of type ``id`` make the value unique per owner type."""

    id: int
    namespace: str
    key: str
    type: str
    value: str
    owner: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class MetafieldDefinition:
    """What a metafield of an owner type may hold."""

    id: int
    name: str
    namespace: str
    key: str
    type: str
    owner_type: str
    unique: bool
    description: str | None = None


@dataclass(slots=True)
class OptionValue:
    """One choice of an option."""

    id: int
    name: str


@dataclass(slots=True)
class Option:
    """A property in which a product's variants differ, such as colour."""

    id: int
    name: str
    position: int
    values: list[OptionValue]


@dataclass(slots=True)
class InventoryItem:
    """The goods behind a variant: what is counted, weighed and declared. ``cost`` is per unit."""

    id: int
    variant_id: int
    created_at: datetime
    updated_at: datetime
    sku: str | None = None
    tracked: bool = True
    requires_shipping: bool = True
    cost: Decimal | None = None
    country_of_origin: str | None = None
    province_of_origin: str | None = None
    harmonized_code: str | None = None
    weight: float = 0.0
    weight_unit: str = "KILOGRAMS"


@dataclass(slots=True)
class Variant:
    """One purchasable form of a product. ``inventory_policy`` DENY refuses a sale without stock, CONTINUE allows it."""

    id: int
    product_id: int
    item: InventoryItem
    price: Decimal
    created_at: datetime
    updated_at: datetime
    position: int = 1
    compare_at_price: Decimal | None = None
    barcode: str | None = None
    taxable: bool = True
    inventory_policy: str = "DENY"
    #: (option name, value) in the order of the product's options.
    selected: list[tuple[str, str]] = field(default_factory=list)
    media_id: int | None = None
    metafields: list[Metafield] = field(default_factory=list)

    @property
    def sku(self) -> str | None:
        """The stock keeping unit, kept with the goods."""
        return self.item.sku

    @property
    def title(self) -> str:
        """The chosen options, as ``Black / Large``."""
        return " / ".join(value for _, value in self.selected) or "Default Title"


@dataclass(slots=True)
class Product:
    """What the shop offers. Shoppers see it when ``status`` is ACTIVE and it is published on the online store."""

    id: int
    title: str
    handle: str
    created_at: datetime
    updated_at: datetime
    description_html: str = ""
    vendor: str = ""
    product_type: str = ""
    status: str = "ACTIVE"
    tags: list[str] = field(default_factory=list)
    options: list[Option] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    metafields: list[Metafield] = field(default_factory=list)
    publications: dict[int, datetime] = field(default_factory=dict)


@dataclass(slots=True)
class ProductOperation:
    """A product change that runs in the background: ``kind`` is ProductSetOperation or ProductDeleteOperation."""

    id: int
    kind: str
    status: str = "CREATED"
    product_id: int | None = None
    deleted_id: int | None = None
    errors: list[dict[str, object]] = field(default_factory=list)


@dataclass(slots=True)
class Publication:
    """A sales channel's list of products."""

    id: int
    name: str
    catalog_id: int
    auto_publish: bool = False


@dataclass(slots=True)
class Location:
    """A place that stocks goods: the merchant's own, or one that stands for a fulfilment service."""

    id: int
    name: str
    address: Address
    created_at: datetime
    updated_at: datetime
    is_active: bool = True
    service_id: int | None = None


@dataclass(slots=True)
class FulfillmentService:
    """A third party that ships, registered by the app."""

    id: int
    name: str
    handle: str
    callback_url: str | None
    inventory_management: bool
    tracking_support: bool
    requires_shipping_method: bool
    location_id: int


@dataclass(slots=True)
class Level:
    """Units of an item at a location. Available may be negative after an oversell. An inactive level has quantities
    but sells nothing: since 2026-10 quantities can be set at any location, and only activation stocks the item there.
    """

    item_id: int
    location_id: int
    created_at: datetime
    updated_at: datetime
    available: int = 0
    committed: int = 0
    active: bool = True

    @property
    def on_hand(self) -> int:
        """What is physically there."""
        return self.available + self.committed


@dataclass(slots=True)
class StockChange:
    """One line of the inventory history: who changed what, for the admin's eyes."""

    at: datetime
    item_id: int
    location_id: int
    name: str
    delta: int
    after: int
    reason: str
    reference: str | None


@dataclass(slots=True)
class LineItem:
    """What was bought. ``variant_id`` is None for custom items and for variants that were deleted."""

    id: int
    title: str
    quantity: int
    current_quantity: int
    price: Decimal
    variant_title: str | None = None
    sku: str | None = None
    vendor: str | None = None
    variant_id: int | None = None
    product_id: int | None = None
    requires_shipping: bool = True
    properties: list[tuple[str, str]] = field(default_factory=list)
    fulfilled: int = 0

    @property
    def name(self) -> str:
        """Title and variant."""
        return f"{self.title} - {self.variant_title}" if self.variant_title else self.title


@dataclass(slots=True)
class Hold:
    """Why a fulfilment order must wait."""

    id: int
    reason: str
    notes: str | None
    handle: str | None
    by_app: bool


@dataclass(slots=True)
class MerchantRequest:
    """The merchant's request to a fulfilment service: FULFILLMENT_REQUEST or CANCELLATION_REQUEST."""

    id: int
    kind: str
    message: str | None
    sent_at: datetime
    notify_customer: bool = False
    response: str | None = None


@dataclass(slots=True)
class FulfillmentOrderLine:
    """The part of a line item that one location ships."""

    id: int
    line_item_id: int
    total: int
    remaining: int


@dataclass(slots=True)
class FulfillmentOrder:
    """What one location has to ship of one order."""

    id: int
    order_id: int
    location_id: int
    lines: list[FulfillmentOrderLine]
    destination: Address | None
    created_at: datetime
    updated_at: datetime
    status: str = "OPEN"
    request_status: str = "UNSUBMITTED"
    destination_email: str | None = None
    fulfill_at: datetime | None = None
    holds: list[Hold] = field(default_factory=list)
    requests: list[MerchantRequest] = field(default_factory=list)


@dataclass(slots=True)
class Tracking:
    """A parcel's number, who carries it and where to follow it."""

    number: str | None
    url: str | None
    company: str | None


@dataclass(slots=True)
class FulfillmentEvent:
    """A parcel's progress: IN_TRANSIT, OUT_FOR_DELIVERY, DELIVERED…"""

    id: int
    status: str
    happened_at: datetime
    created_at: datetime
    message: str | None = None
    city: str | None = None
    country: str | None = None
    zip: str | None = None


@dataclass(slots=True)
class FulfillmentLine:
    """Units of a line item that left with a fulfilment."""

    id: int
    line_item_id: int
    quantity: int
    fulfillment_order_line_id: int


@dataclass(slots=True)
class Fulfillment:
    """What left in one go: status SUCCESS or CANCELLED."""

    id: int
    order_id: int
    name: str
    location_id: int
    lines: list[FulfillmentLine]
    created_at: datetime
    updated_at: datetime
    status: str = "SUCCESS"
    tracking: list[Tracking] = field(default_factory=list)
    events: list[FulfillmentEvent] = field(default_factory=list)


@dataclass(slots=True)
class RefundLine:
    """Units given back; ``restock_type`` is NO_RESTOCK, CANCEL or RETURN."""

    id: int
    line_item_id: int
    quantity: int
    restock_type: str
    location_id: int | None
    subtotal: Decimal


@dataclass(slots=True)
class Refund:
    """Money and goods given back."""

    id: int
    order_id: int
    lines: list[RefundLine]
    amount: Decimal
    note: str | None
    created_at: datetime


@dataclass(slots=True)
class ReturnLine:
    """Units a shopper sends back."""

    id: int
    fulfillment_line_id: int
    quantity: int


@dataclass(slots=True)
class Return:
    """Goods on their way back."""

    id: int
    order_id: int
    name: str
    lines: list[ReturnLine]
    created_at: datetime
    status: str = "OPEN"


@dataclass(slots=True)
class TimelineEntry:
    """A sentence of the order's timeline in the admin."""

    at: datetime
    text: str


@dataclass(slots=True)
class Order:
    """What a shopper bought. ``financial_status`` is PENDING, PARTIALLY_PAID, PAID, PARTIALLY_REFUNDED, REFUNDED
    or VOIDED; ``token`` opens the shopper's status page."""

    id: int
    number: int
    name: str
    token: str
    currency: str
    lines: list[LineItem]
    created_at: datetime
    updated_at: datetime
    email: str | None = None
    phone: str | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    financial_status: str = "PAID"
    paid: Decimal = Decimal(0)
    shipping_price: Decimal = Decimal(0)
    shipping_title: str = "Standard"
    tax: Decimal = Decimal(0)
    note: str | None = None
    tags: list[str] = field(default_factory=list)
    test: bool = False
    customer_id: int | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    closed_at: datetime | None = None
    routed: bool = False
    fulfillment_orders: list[FulfillmentOrder] = field(default_factory=list)
    fulfillments: list[Fulfillment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)

    @property
    def subtotal(self) -> Decimal:
        """What the items cost now, after edits and refunds."""
        return sum((line.price * line.current_quantity for line in self.lines), Decimal(0))

    @property
    def original_subtotal(self) -> Decimal:
        """What the items cost when they were bought."""
        return sum((line.price * line.quantity for line in self.lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        """What the order costs now, with shipping and tax."""
        return self.subtotal + self.shipping_price + self.tax

    @property
    def original_total(self) -> Decimal:
        """What the order cost when it was placed."""
        return self.original_subtotal + self.shipping_price + self.tax

    @property
    def refunded(self) -> Decimal:
        """Money given back so far."""
        return sum((refund.amount for refund in self.refunds), Decimal(0))

    @property
    def fulfillment_status(self) -> str:
        """UNFULFILLED, PARTIALLY_FULFILLED, FULFILLED, IN_PROGRESS or ON_HOLD, as the admin displays it."""
        wanted = sum(line.current_quantity for line in self.lines)
        sent = sum(min(line.fulfilled, line.current_quantity) for line in self.lines)
        if sent and sent >= wanted:
            return "FULFILLED"
        if sent:
            return "PARTIALLY_FULFILLED"
        states = {one.status for one in self.fulfillment_orders}
        if "IN_PROGRESS" in states:
            return "IN_PROGRESS"
        return "ON_HOLD" if states == {"ON_HOLD"} else "UNFULFILLED"

    def line(self, number: int) -> LineItem | None:
        """A line item by its id."""
        return next((line for line in self.lines if line.id == number), None)


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line to be bought: a variant by id or SKU, or a custom item by title and price."""

    quantity: int
    variant_id: int | None = None
    sku: str | None = None
    title: str | None = None
    price: Decimal | None = None
    requires_shipping: bool = True
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be placed. ``allow_oversell`` is the merchant's liberty to sell what is not there."""

    lines: tuple[NewLine, ...]
    shipping_address: Address | None = None
    email: str | None = None
    phone: str | None = None
    financial_status: str = "PAID"
    shipping_price: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    note: str | None = None
    tags: tuple[str, ...] = ()
    test: bool = False
    allow_oversell: bool = False


@dataclass(slots=True)
class Installation:
    """The app on a shop. Each install has its own number: what was issued for an earlier one is dead."""

    number: int
    scopes: frozenset[str]
    installed_at: datetime


@dataclass(slots=True)
class WebhookSubscription:
    """Where a topic (``orders/paid``) is delivered. ``by_api`` ones die after eight failures in a row; those of the
    app's configuration do not."""

    id: int
    topic: str
    uri: str
    by_api: bool
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    filter: str | None = None
    include_fields: list[str] = field(default_factory=list)
    failures: int = 0
