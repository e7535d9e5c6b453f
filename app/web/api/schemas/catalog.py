"""Suppliers and their products."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.web.api.schemas.common import DecimalText, MoneyOut, Output, PageQuery, Text


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
