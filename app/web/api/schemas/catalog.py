"""Suppliers and their products."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.web.api.schemas.shapes import DecimalText, MoneyOut, Output, PageQuery, Query, Text

Country = Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")]


class SuppliersQuery(PageQuery):
    search: Text | None = None
    category: Text | None = None
    country: Country | None = None
    business_type: Literal["manufacturer", "distributor", "wholesaler"] | None = None
    min_rating: Annotated[float, Field(ge=0, le=5)] | None = None


class ScorecardOut(Output):
    """What was measured over 90 days up to ``day``. ``orders_at_least``: how many are behind it, rounded down.
    ``shares`` of what went as it should, by measure, 0 to 1; a measure of fewer than 30 cases is left out.
    ``days_to_ship`` and ``hours_to_answer``: within which half of the orders were."""

    day: date
    score: int
    orders_at_least: int
    shares: dict[str, float]
    days_to_ship: int | None
    hours_to_answer: int | None


class SupplierOut(Output):
    """``rating``: the scorecard's score from 0 to 5; it and ``scorecard`` are null while a supplier is new."""

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
    order_fee: MoneyOut = Field(description="Asked once for each purchase order, on top of its shipping.")
    rating: float | None
    scorecard: ScorecardOut | None
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


class FindQuery(Query):
    """What to look for in the whole catalogue. Prices are in each supplier's own currency."""

    search: Text | None = None
    category: Text | None = None
    supplier_id: UUID | None = None
    brand: Text | None = None
    min_price: DecimalText | None = None
    max_price: DecimalText | None = None
    in_stock: bool | None = None
    ships_to: Country | None = None
    ships_from: Country | None = None
    handling_days: Annotated[int, Field(ge=0, le=365)] | None = None
    min_rating: Annotated[float, Field(ge=0, le=5)] | None = None
    has_gtin: bool | None = None
    new: bool = False


class FindPageQuery(FindQuery, PageQuery):
    sort: Literal["relevance", "newest", "price_asc", "price_desc", "margin", "reliability", "title"] | None = None


class WholesaleOut(Output):
    lowest: MoneyOut
    highest: MoneyOut


class FoundOut(Output):
    """``margin``: what is left of the recommended price after the wholesale price, as a share of it, of the variant
    with the least. ``wholesale``: the range of its variants; null for who may not know."""

    id: UUID
    supplier_id: UUID
    supplier_name: str
    title: str
    brand: str
    category: str | None
    image_url: str | None
    variants: int
    wholesale: WholesaleOut | None
    msrp: MoneyOut | None
    margin: float | None
    in_stock: bool
    has_gtin: bool
    ships_from: str
    handling_days: int
    #: It stands higher because of an agreement with its supplier.
    promoted: bool
    listed_at: datetime
    updated_at: datetime


class FoundList(Output):
    """``ranked_all``: false where so many fit that only the first thousand were compared by relevance. ``corrected``:
    what was looked for instead of words that find nothing. ``promotion``: what ``promoted`` means, to be shown beside
    promoted products; null where there are none."""

    items: list[FoundOut]
    next_cursor: str | None
    ranked_all: bool
    corrected: str | None
    promotion: str | None


class CountOut(Output):
    value: str
    label: str
    products: int


class FacetsOut(Output):
    """``exact``: false where the counts are estimated from an even sample. Price bands are named by where they begin,
    in each supplier's own currency."""

    total: int
    exact: bool
    in_stock: int
    categories: list[CountOut]
    brands: list[CountOut]
    suppliers: list[CountOut]
    price_bands: list[CountOut]
    ships_from: list[CountOut]


class ImageOut(Output):
    url: str
    alt: str


class PriceTierOut(Output):
    """From ``min_quantity`` units of the variant in one purchase order on, one costs ``price``."""

    min_quantity: int
    price: MoneyOut


class VariantOut(Output):
    """``wholesale_price`` and ``price_tiers`` are null for who may not know."""

    id: UUID
    sku: str
    gtin: str | None
    options: dict[str, str]
    wholesale_price: MoneyOut | None
    price_tiers: list[PriceTierOut] | None
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
