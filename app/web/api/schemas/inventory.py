"""Stock."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.web.api.schemas.shapes import FieldProblem, Input, Name, Output, StockUnits


class LevelInput(Input):
    variant_id: UUID | None = None
    sku: Name | None = None
    quantity: StockUnits
    as_of: AwareDatetime | None = None
    location_id: UUID | None = None
    safety_stock: Annotated[
        StockUnits | None,
        Field(description="Units that are never sold. Left out: as they are; null: as for all variants."),
    ] = None
    low_stock_at: Annotated[
        StockUnits | None,
        Field(description="Free units at which you are told. Left out: as they are; null: as for all variants."),
    ] = None


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
    safety_stock: int
    low_stock_at: int | None


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
