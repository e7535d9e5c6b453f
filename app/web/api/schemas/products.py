"""A supplier's own products, their prices, and the days on which it sends nothing."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from app.catalog.rules import DESCRIPTION_MAX_BYTES, SKU_MAX, TITLE_MAX
from app.catalog.tiers.rules import LARGEST_STEP, MOST_STEPS
from app.web.api.schemas.catalog import ProductOut, VariantOut
from app.web.api.schemas.shapes import (
    FieldProblem,
    Input,
    Money,
    MoneyOut,
    Name,
    Output,
    PageQuery,
    StockUnits,
    Text,
    no_nul,
)

Html = Annotated[str, Field(max_length=DESCRIPTION_MAX_BYTES), AfterValidator(no_nul)]
Sku = Annotated[Name, Field(max_length=SKU_MAX)]
Title = Annotated[Name, Field(max_length=TITLE_MAX)]
#: Most options that one variant can name; a product has at most three.
_MOST_OPTIONS = 3


class OwnProductsQuery(PageQuery):
    search: Text | None = None
    status: Literal["active", "draft", "ended"] | None = None
    in_stock: bool | None = None
    updated_since: AwareDatetime | None = None


class OwnVariantOut(VariantOut):
    status: str


class OwnProductOut(ProductOut):
    handle: str
    brand: str
    tags: list[str]
    variants: list[OwnVariantOut]  # type: ignore[assignment]


class OwnProductList(Output):
    items: list[OwnProductOut]
    next_cursor: str | None


class ImageInput(Input):
    url: Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(no_nul)]
    alt: Text = ""


class PriceTierInput(Input):
    """From ``min_quantity`` units on, one costs ``price``. Quantities rise from step to step, and prices never do."""

    min_quantity: Annotated[int, Field(strict=True, ge=2, le=LARGEST_STEP)]
    price: Money


PriceTiers = Annotated[list[PriceTierInput], Field(max_length=MOST_STEPS)]


class OrderFeeInput(Input):
    """``order_fee`` in your currency, asked once for each purchase order on top of its shipping; 0 for none."""

    order_fee: Money


class OrderFeeOut(Output):
    order_fee: MoneyOut


class NewVariantInput(Input):
    """``quantity``: the units that are free now. ``price_tiers``: lower wholesale prices of larger quantities."""

    sku: Sku
    wholesale_price: Money
    msrp: Money | None = None
    map: Money | None = None
    price_tiers: PriceTiers | None = None
    gtin: Text | None = None
    options: Annotated[dict[Name, Name], Field(max_length=_MOST_OPTIONS)] = {}
    weight_grams: Annotated[int, Field(strict=True, ge=1, le=10_000_000)] | None = None
    quantity: StockUnits | None = None


class VariantChangeInput(NewVariantInput):
    """What is left out stays as it is; a new variant needs its wholesale price."""

    wholesale_price: Money | None = None  # type: ignore[assignment]


class NewProductInput(Input):
    """``handle`` is your own key of the product; one is made from the title where it is left out. ``category`` is a
    path such as ``Home & Garden > Lighting``, in your words or in Google's."""

    handle: Text | None = None
    title: Title
    description: Html = ""
    brand: Text = ""
    category: Text = ""
    tags: Annotated[list[Name], Field(max_length=50)] = []
    images: Annotated[list[ImageInput], Field(max_length=50)] = []
    status: Literal["active", "draft"] = "active"
    variants: Annotated[list[NewVariantInput], Field(min_length=1, max_length=2048)]


class ProductChangeInput(Input):
    """What is left out stays as it is, also variants that are not named. Images, when given, replace all others."""

    title: Title | None = None
    description: Html | None = None
    brand: Text | None = None
    category: Text | None = None
    tags: Annotated[list[Name], Field(max_length=50)] | None = None
    images: Annotated[list[ImageInput], Field(min_length=1, max_length=50)] | None = None
    status: Literal["active", "draft", "ended"] | None = None
    variants: Annotated[list[VariantChangeInput], Field(max_length=2048)] = []


class PriceInput(Input):
    """Of a variant, by its id or SKU. What is left out stays; ``msrp``, ``map`` and ``price_tiers`` are null to be
    taken away."""

    variant_id: UUID | None = None
    sku: Sku | None = None
    wholesale_price: Money | None = None
    msrp: Money | None = None
    map: Money | None = None
    price_tiers: PriceTiers | None = None


class PricesInput(Input):
    items: Annotated[list[Any], Field(min_length=1, max_length=1000)]


class PriceResult(Output):
    sku: str | None
    status: Literal["ok", "unchanged", "error"]
    error: FieldProblem | None = None


class PricesOut(Output):
    items: list[PriceResult]


class ClosureInput(Input):
    """From one day to another, both included; retailers read the note."""

    starts_on: date
    ends_on: date
    note: Annotated[Text, Field(max_length=200)] = ""


class ClosureOut(Output):
    id: UUID
    starts_on: date
    ends_on: date
    note: str


class ClosuresOut(Output):
    items: list[ClosureOut]
    next_cursor: str | None
