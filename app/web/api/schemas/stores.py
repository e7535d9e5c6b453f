"""Stores and listings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.web.api.schemas.purchase_orders import SenderOut
from app.web.api.schemas.shapes import Currency, FieldProblem, Input, Money, MoneyOut, Name, Output, PageQuery, Text


class ConnectInput(Input):
    platform: Name
    url: Name
    currency: Currency | None = Field(
        default=None,
        description="In which a custom store sells; yours where it is left out. Other platforms tell it themselves.",
    )


class ConnectOut(Output):
    store_id: UUID
    platform: str
    status: Literal["connected", "pending"]
    authorize_url: str | None = None


class RiskRulesBody(Input):
    """Which orders wait until you have looked at them; 0 is off."""

    value_factor: Literal[0, 2, 3, 5, 10, 20] = Field(
        description="An order worth so many times the usual one (the median of your last orders) waits."
    )
    velocity: Literal[0, 2, 3, 5, 10] = Field(
        description="So many orders to one address, or by one customer, within an hour wait."
    )
    countries: Annotated[bool, Field(strict=True)] = Field(description="One billed in another country waits.")
    platform: Annotated[bool, Field(strict=True)] = Field(
        description="One that the store's platform thinks risky waits."
    )
    address: Annotated[bool, Field(strict=True)] = Field(
        description="One whose address looks incomplete, though a parcel may reach it, waits."
    )


class HoldRulesInput(Input):
    """All of a store's rules for its orders that come in. Orders that wait already are not touched."""

    wait_minutes: Annotated[int, Field(strict=True, ge=0, le=60)] | None = Field(
        description="How long a paid order waits before it is sent; null: as long as everybody's do."
    )
    risk: RiskRulesBody
    unlinked_lines: Literal["alone", "like_ours", "always"] = Field(
        description="What becomes of a line that no supplier's variant is linked to: it is left alone, the order waits "
        "where the line looks like ours, or always."
    )
    send_when: Literal["paid", "authorized"] = Field(
        default="paid",
        description="When suppliers get an order: its customer has paid, or the payment is authorized, which may still "
        "expire or be withdrawn, while you pay the supplier.",
    )


class HoldRulesOut(Output):
    store_id: UUID
    wait_minutes: int | None
    risk: RiskRulesBody
    unlinked_lines: Literal["alone", "like_ours", "always"]
    send_when: Literal["paid", "authorized"]


class SenderAddressInput(Input):
    name: Name
    company: Text = ""
    address1: Name
    address2: Text = ""
    city: Name
    province: Text = ""
    postal_code: Text = ""
    country_code: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    phone: Text = ""


class SenderInput(Input):
    """Who stands on the parcels of a store's orders in place of the supplier, from now on."""

    address: SenderAddressInput
    as_sender: Annotated[bool, Field(strict=True)] = Field(
        description="As sender: the name and telephone on labels, the whole address on packing slips."
    )
    as_return_address: Annotated[bool, Field(strict=True)] = Field(
        description="As return address on labels: parcels that can't be delivered go there. Where no carrier takes it, "
        "the supplier's own stands."
    )


class StoreSenderOut(Output):
    store_id: UUID
    sender: SenderOut | None


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
