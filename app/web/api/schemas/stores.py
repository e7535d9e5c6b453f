"""Stores and listings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.web.api.schemas.shapes import FieldProblem, Input, Money, MoneyOut, Name, Output, PageQuery, Text


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
