"""What requests and answers look like. Bodies refuse what they do not know; numbers are numbers, not texts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from app.inventory.rules import LARGEST_QUANTITY
from app.kit.money import Money as MoneyValue
from app.kit.money import is_currency


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("text can't hold NUL characters")
    return text


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError("this is no ISO 4217 currency code")
    return code


Text = Annotated[str, Field(max_length=255), AfterValidator(_no_nul)]
LongText = Annotated[str, Field(max_length=5000), AfterValidator(_no_nul)]
Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_no_nul)]
Units = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
StockUnits = Annotated[int, Field(strict=True, ge=0, le=LARGEST_QUANTITY)]
DecimalText = Annotated[str, Field(pattern=r"^\d{1,12}(\.\d{1,4})?$")]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_currency)]


class Input(BaseModel):
    """A body or a part of one."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """An answer or a part of one; more fields may be added."""

    model_config = ConfigDict(from_attributes=True)


class FieldProblem(Output):
    field: str
    code: str
    message: str


class Problem(Output):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[FieldProblem]


class Money(Input):
    """An amount such as 12.50 and its ISO 4217 currency."""

    amount: DecimalText
    currency: Currency

    def value(self) -> MoneyValue:
        """Raises ``ValueError`` for an unknown currency or too many digits."""
        return MoneyValue.parse(self.amount, self.currency)


class MoneyOut(Output):
    amount: str
    currency: str


class PageQuery(BaseModel):
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(max_length=500)] | None = None


class SupplierPath(BaseModel):
    supplier_id: UUID


class IdPath(BaseModel):
    id: UUID


# Suppliers and their products


class SuppliersQuery(PageQuery):
    search: Text | None = None
    category: Text | None = None
    country: Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")] | None = None
    business_type: Literal["manufacturer", "distributor", "wholesaler"] | None = None
    min_rating: Annotated[float, Field(ge=0, le=5)] | None = None


class SupplierOut(Output):
    id: UUID
    company_name: str
    slug: str
    description: str
    logo_url: str | None
    website: str | None
    business_type: str
    country: str
    fulfillment_speed: str
    shipping_methods: list[str]
    min_order_value: MoneyOut
    rating: float | None
    status: str


class SupplierList(Output):
    items: list[SupplierOut]
    next_cursor: str | None


class ProductsQuery(PageQuery):
    search: Text | None = None
    category: Text | None = None
    min_price: DecimalText | None = None
    max_price: DecimalText | None = None
    in_stock: bool | None = None
    updated_since: AwareDatetime | None = None
    sort: Literal["relevance", "newest", "price_asc", "price_desc", "title"] = "newest"


class ImageOut(Output):
    url: str
    alt: str


class VariantOut(Output):
    id: UUID
    sku: str
    gtin: str | None
    options: dict[str, str]
    wholesale_price: MoneyOut | None
    msrp: MoneyOut | None
    map: MoneyOut | None
    weight_grams: int | None
    available_quantity: int
    inventory_updated_at: datetime | None


class ProductOut(Output):
    id: UUID
    supplier_id: UUID
    title: str
    description: str
    category: str | None
    images: list[ImageOut]
    status: str
    shipping_class: str
    updated_at: datetime
    variants: list[VariantOut]


class ProductList(Output):
    items: list[ProductOut]
    next_cursor: str | None


# Stores and listings


class ConnectInput(Input):
    platform: Name
    url: Name


class ConnectOut(Output):
    store_id: UUID
    platform: str
    status: Literal["connected", "pending"]
    authorize_url: str | None = None


class ImportItemInput(Input):
    product_id: UUID
    variant_ids: Annotated[list[UUID], Field(max_length=2048)] = []
    price_rule_id: UUID | None = None
    prices: Annotated[dict[UUID, Money], Field(max_length=2048)] = {}
    publish: Annotated[bool, Field(strict=True)] = True


class ImportInput(Input):
    store_id: UUID
    items: Annotated[list[ImportItemInput], Field(min_length=1, max_length=200)]


class ImportItemOut(Output):
    product_id: UUID
    listing_id: UUID | None
    status: str
    error: FieldProblem | None = None


class ImportOut(Output):
    import_id: UUID
    items: list[ImportItemOut]


class ImportProgressOut(ImportOut):
    store_id: UUID
    total: int
    done: int
    failed: int


class ListingsQuery(PageQuery):
    state: Text | None = None
    store_id: UUID | None = None
    search: Text | None = None


class ListingVariantOut(Output):
    variant_id: UUID
    enabled: bool
    price: MoneyOut
    compare_at: MoneyOut | None
    cost: MoneyOut
    quantity: int
    store_quantity: int | None
    external_id: str | None
    confirmed_at: datetime | None


class ListingOut(Output):
    id: UUID
    store_id: UUID
    product_id: UUID
    supplier_id: UUID
    title: str
    state: str
    published: bool
    error: str | None
    external_id: str | None
    owned_fields: list[str]
    updated_at: datetime
    variants: list[ListingVariantOut]


class ListingList(Output):
    items: list[ListingOut]
    next_cursor: str | None


class AccuracyOut(Output):
    sampled: int
    matching: int


class StoreSyncOut(Output):
    store_id: UUID
    platform: str
    status: str
    listings: int
    in_sync: int
    pending: int
    failed: int
    lag_seconds_p95: float
    last_confirmed_at: datetime | None
    accuracy: AccuracyOut


class SyncOut(Output):
    stores: list[StoreSyncOut]


# Orders


class AddressInput(Input):
    name: Name
    company: Text | None = None
    address1: Name
    address2: Text | None = None
    city: Name
    province: Text | None = None
    postal_code: Text
    country_code: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    phone: Text | None = None
    email: Text | None = None


class OrderLineInput(Input):
    variant_id: UUID
    quantity: Units
    retail_price: Money | None = None
    external_line_id: Name | None = None


class OrderInput(Input):
    external_id: Name
    store_id: UUID | None = None
    currency: Currency
    shipping_address: AddressInput
    lines: Annotated[list[OrderLineInput], Field(min_length=1, max_length=500)]
    note: LongText | None = None


class OrdersQuery(PageQuery):
    status: Text | None = None
    updated_since: AwareDatetime | None = None
    external_id: Text | None = None


class HoldOut(Output):
    reason: str
    since: datetime


class OrderLineOut(Output):
    id: UUID
    variant_id: UUID
    quantity: int
    status: str


class PurchaseOrderLineOut(OrderLineOut):
    wholesale_price: MoneyOut


class PurchaseOrderOut(Output):
    id: UUID
    number: str
    supplier_id: UUID
    status: str
    wholesale_total: MoneyOut
    shipping_cost: MoneyOut
    platform_fee: MoneyOut
    lines: list[PurchaseOrderLineOut]


class OrderOut(Output):
    id: UUID
    number: str
    external_id: str
    status: str
    currency: str
    created_at: datetime
    updated_at: datetime
    holds: list[HoldOut]
    lines: list[OrderLineOut]
    purchase_orders: list[PurchaseOrderOut]


class OrderList(Output):
    items: list[OrderOut]
    next_cursor: str | None


class ShipmentLineOut(Output):
    line_id: UUID
    quantity: int


class RangeOut(Output):
    """``from`` and ``to``, dates."""

    model_config = ConfigDict(populate_by_name=True)
    start: date | None = Field(alias="from")
    end: date | None = Field(alias="to")


class ShipmentOut(Output):
    id: UUID
    carrier: str
    tracking_number: str
    tracking_url: str | None
    shipment_status: str
    delivery_status: str
    shipped_at: datetime
    delivered_at: datetime | None
    estimated_delivery: RangeOut
    lines: list[ShipmentLineOut]


class PurchaseOrderStatusOut(Output):
    id: UUID
    number: str
    supplier_id: UUID
    status: str
    shipments: list[ShipmentOut]


class OrderStatusOut(Output):
    id: UUID
    number: str
    status: str
    updated_at: datetime
    purchase_orders: list[PurchaseOrderStatusOut]


# The supplier's side


class LevelInput(Input):
    variant_id: UUID | None = None
    sku: Name | None = None
    quantity: StockUnits
    as_of: AwareDatetime | None = None
    location_id: UUID | None = None


class ProductInventoryInput(Input):
    variants: Annotated[list[LevelInput], Field(min_length=1, max_length=2048)]


class LevelOut(Output):
    variant_id: UUID
    sku: str
    on_hand: int
    reserved: int
    available_quantity: int
    as_of: datetime
    ignored: bool


class ProductInventoryOut(Output):
    variants: list[LevelOut]


class BatchInput(Input):
    items: Annotated[list[Any], Field(min_length=1, max_length=1000)]


class BatchResult(Output):
    sku: str | None
    status: Literal["ok", "stale", "error"]
    error: FieldProblem | None = None


class BatchOut(Output):
    items: list[BatchResult]


class PurchaseOrdersQuery(PageQuery):
    status: Text | None = None
    updated_since: AwareDatetime | None = None
    search: Text | None = None


class AddressOut(Output):
    name: str
    company: str
    address1: str
    address2: str
    city: str
    province: str
    postal_code: str
    country_code: str
    phone: str
    email: str


class SupplierOrderLineOut(Output):
    id: UUID
    variant_id: UUID
    sku: str
    title: str
    quantity: int
    cancelled: int
    shipped: int
    status: str
    available_on: date | None
    reason: str | None
    wholesale_price: MoneyOut


class SupplierOrderOut(Output):
    id: UUID
    number: str
    #: A test order of the set-up: to be answered and shipped as any other, but nothing is sent and nobody pays.
    test: bool = False
    order_reference: str
    retailer_name: str
    status: str
    ship_to_country: str
    shipping_method: str
    released_at: datetime
    acknowledge_by: datetime | None
    ship_by: datetime | None
    updated_at: datetime
    wholesale_total: MoneyOut
    shipping_cost: MoneyOut
    platform_fee: MoneyOut
    lines: list[SupplierOrderLineOut]
    shipping_address: AddressOut | None = None


class SupplierOrderList(Output):
    items: list[SupplierOrderOut]
    next_cursor: str | None


class AnswerInput(Input):
    line_id: UUID
    status: Literal["accepted", "backordered", "rejected"]
    quantity: Units | None = None
    available_on: date | None = None
    reason: Text | None = None


class AcknowledgeInput(Input):
    lines: Annotated[list[AnswerInput], Field(min_length=1, max_length=500)]


class ParcelLineInput(Input):
    line_id: UUID
    quantity: Units


class ParcelInput(Input):
    carrier: Name
    tracking_number: Name
    tracking_url: Annotated[str, Field(pattern=r"^https?://[!-~]{1,2000}$")] | None = None
    shipped_at: AwareDatetime | None = None
    lines: Annotated[list[ParcelLineInput], Field(min_length=1, max_length=500)]


class ShipInput(Input):
    parcels: Annotated[list[ParcelInput], Field(min_length=1, max_length=100)]


class ShipOut(Output):
    shipments: list[ShipmentOut]


class UploadOut(Output):
    id: UUID
    file_name: str
    state: str
    error: str | None
    counts: dict[str, Any]
    problems: list[dict[str, Any]]


class FeedOut(Output):
    id: UUID
    name: str
    kind: str
    content: Literal["full", "stock_price"]
    every_minutes: int
    health: Literal["new", "ok", "paused", "failed", "unreadable", "needs_mapping", "quarantined"]
    error: str | None
    last_fetched_at: datetime | None
    next_fetch_at: datetime | None
    upload_id: UUID | None


class FeedsOut(Output):
    items: list[FeedOut]


class PushOut(Output):
    outcome: Literal["taken", "unchanged"]
    upload_id: UUID | None


# Analytics


class SalesQuery(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    start: date | None = Field(default=None, alias="from")
    end: date | None = Field(default=None, alias="to")
    group_by: Literal["day", "week", "month", "supplier", "retailer", "product", "store"] = "day"
    currency: Currency | None = None


class FiguresOut(Output):
    orders: int
    units: int
    revenue: MoneyOut
    cost: MoneyOut
    fees: MoneyOut
    shipping: MoneyOut
    refunds: MoneyOut
    profit: MoneyOut


class SeriesOut(FiguresOut):
    key: str
    label: str


class SalesOut(Output):
    currency: str
    totals: FiguresOut
    series: list[SeriesOut]
