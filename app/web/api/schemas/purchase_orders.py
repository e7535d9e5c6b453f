"""Purchase orders, as their supplier sees and answers them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.web.api.schemas.orders import ShipmentOut
from app.web.api.schemas.shapes import Input, Money, MoneyOut, Name, Output, PageQuery, Text, Units


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


class SenderOut(Output):
    """Who stands on a store's parcels in place of the supplier."""

    address: AddressOut
    as_sender: bool = Field(description="As sender on labels, packing slips and return slips.")
    as_return_address: bool = Field(description="Parcels that can't be delivered go there.")


class SupplierOrderLineOut(Output):
    id: UUID
    variant_id: UUID
    sku: str
    title: str
    quantity: int
    cancelled: int
    shipped: int
    status: str
    backordered: int = Field(description="Units still to come that you send later, on `available_on`.")
    available_on: date | None
    reason: str | None
    wholesale_price: MoneyOut
    asked_price: MoneyOut | None = Field(
        description="Another price that you asked and the retailer has not agreed to yet."
    )
    rerouted: int = Field(description="Units that went to another supplier because no answer came; send none of them.")


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
    shipping_cost: MoneyOut = Field(description="With the supplier's order fee.")
    order_fee: MoneyOut = Field(
        description="What of `shipping_cost` the supplier asks once for each order, as it was when this one was placed."
    )
    platform_fee: MoneyOut
    lines: list[SupplierOrderLineOut]
    shipping_address: AddressOut | None = None
    sender: SenderOut | None = Field(
        default=None, description="Who stands on the parcel, for keys that may read addresses; without it you do."
    )


class SupplierOrderList(Output):
    items: list[SupplierOrderOut]
    next_cursor: str | None


class AnswerInput(Input):
    line_id: UUID
    status: Literal["accepted", "backordered", "rejected"]
    quantity: Units | None = Field(
        default=None,
        description="How many units this is about; without it all that the line's other answers leave. To share a line "
        "out, as 3 accepted and 2 backordered, name it once for each status. Rejected and accepted units count in all, "
        "backordered ones as far as they are still to come. What no answer is about is accepted.",
    )
    available_on: date | None = None
    reason: Text | None = None
    price: Money | None = Field(
        default=None,
        description="What you ask for one unit, where it is not the ordered price. A lower one holds at once; about a "
        "higher one the retailer decides, and the line can't be shipped before.",
    )


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
    package_ref: Annotated[Text, Field(max_length=60)] = ""
    lines: Annotated[list[ParcelLineInput], Field(min_length=1, max_length=500)]


class ShipInput(Input):
    parcels: Annotated[list[ParcelInput], Field(min_length=1, max_length=100)]


class PackageInput(Input):
    carrier: Name | None = None
    tracking_number: Name | None = None
    tracking_url: Annotated[str, Field(pattern=r"^https?://[!-~]{1,2000}$")] | None = None
    package_ref: Annotated[
        Text, Field(max_length=60, description="Your own word for the package, such as its SSCC.")
    ] = ""
    expected_ship_on: Annotated[date, Field(description="The day on which it is to leave.")]
    lines: Annotated[list[ParcelLineInput], Field(min_length=1, max_length=500)]


class AnnounceInput(Input):
    packages: Annotated[list[PackageInput], Field(min_length=1, max_length=100)]


class CorrectionInput(Input):
    carrier: Name | None = None
    tracking_number: Name | None = None
    tracking_url: Annotated[str, Field(pattern=r"^https?://[!-~]{1,2000}$")] | None = None
    lines: Annotated[list[ParcelLineInput], Field(min_length=1, max_length=500)] | None = None


class VoidInput(Input):
    reason: Annotated[Text, Field(min_length=1, max_length=200)]


class HandOverInput(Input):
    carrier: Name | None = None
    tracking_number: Name | None = None
    tracking_url: Annotated[str, Field(pattern=r"^https?://[!-~]{1,2000}$")] | None = None


class ShipOut(Output):
    shipments: list[ShipmentOut]
