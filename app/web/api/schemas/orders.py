"""Orders and their parcels."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.catalog.samples.rules import MOST_DAYS, MOST_UNITS
from app.web.api.schemas.shapes import Currency, Input, LongText, Money, MoneyOut, Name, Output, PageQuery, Text, Units


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
    retail_price: Money | None = Field(default=None, description="What the shopper pays for one, after all discounts.")
    external_line_id: Name | None = None


class OrderInput(Input):
    external_id: Name
    store_id: UUID | None = None
    currency: Currency
    shipping_address: AddressInput
    lines: Annotated[list[OrderLineInput], Field(min_length=1, max_length=500)]
    note: LongText | None = None
    delivery_price: Money | None = Field(
        default=None, description="What the shopper pays for delivery, with its taxes: so much of it can be refunded."
    )
    taxes: Money | None = Field(
        default=None, description="Taxes on the goods that are not in the lines' `retail_price`."
    )
    paid: bool = Field(
        default=True, description="Whether your customer has paid for it. If not, it waits (`unpaid`) until you say so."
    )


class SampleInput(Input):
    """A sample for the retailer itself. ``external_id`` is your own key of it; one is made where it is left out."""

    variant_id: UUID
    quantity: Units = 1
    shipping_address: AddressInput
    external_id: Name | None = None
    note: LongText | None = None


class SampleQuoteQuery(BaseModel):
    """``country_code``: where it is to go; the cost is told for it."""

    quantity: Annotated[int, Field(ge=1, le=MOST_UNITS)] = 1
    country_code: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class SampleQuoteOut(Output):
    """``left``: units of the product that you may still order within ``days``. ``total`` is what you are charged."""

    price: MoneyOut
    goods: MoneyOut
    shipping: MoneyOut = Field(description="With the supplier's order fee.")
    order_fee: MoneyOut
    total: MoneyOut
    method: str
    max_units: int
    days: int
    left: int


class SampleTermsInput(Input):
    """``price`` of one unit; without one it is the wholesale price. One retailer orders at most ``max_units`` of a
    product within ``days``."""

    allowed: bool
    price: Money | None = None
    max_units: Annotated[int, Field(strict=True, ge=1, le=MOST_UNITS)] = 1
    days: Annotated[int, Field(strict=True, ge=1, le=MOST_DAYS)] = 90


class SampleTermsOut(Output):
    """``own``: these were set for exactly what was asked for; otherwise they are those of all your products, or what
    holds where nothing was said."""

    own: bool
    allowed: bool
    price: MoneyOut | None
    max_units: int
    days: int


class OrdersQuery(PageQuery):
    status: Text | None = None
    updated_since: AwareDatetime | None = None
    external_id: Text | None = None
    hold: Text | None = Field(default=None, description="Only orders that wait for this reason.")
    late: bool = Field(
        default=False,
        description="Only orders of which some purchase order should have left its supplier by now.",
    )
    sort: Literal["newest", "days_late", "value", "supplier"] = Field(
        default="newest",
        description="With `late` alone: the longest late first, the highest cost first, or by the supplier's name.",
    )


class HoldInput(Input):
    """``note``: why, for your own people."""

    note: LongText | None = None


class ReleaseInput(Input):
    """``reason``: release this hold only; else all that you may release, but for `unpaid`, which you name."""

    reason: Text | None = None


class HoldOut(Output):
    reason: str
    since: datetime
    releases: Literal["retailer", "platform", "nobody"] = Field(
        description="Who may release it by hand; `nobody`: only what is wrong can be put right."
    )
    ends_by: Literal["time", "payment", "address", "stock", "rate", "link", "plan", "customer"] | None = Field(
        description="What releases it by itself."
    )
    until: datetime | None = Field(description="When it ends by itself, where a clock ends it.")
    advice: str


class OrderLineOut(Output):
    id: UUID
    variant_id: UUID
    quantity: int
    status: str


class UnlinkedLineOut(Output):
    """A line of the store's order that no supplier's variant was linked to when it came. While it is `waiting` it holds
    the order: link it, or say that it is not yours."""

    id: UUID
    external_line_id: str
    title: str
    sku: str
    quantity: int
    state: Literal["waiting", "linked", "not_ours", "left", "gone"] = Field(
        description="`left`: it was left alone; `gone`: nothing of it is to be delivered any more."
    )
    why: Literal["sku", "product", "service", "linked_since", "always"] | None = Field(
        description="Why it is asked about: a listing has its SKU, its product is a listing's, the store expects one "
        "of your suppliers to deliver it, it was linked after the order was placed, or you want to be asked always."
    )


class LinkInput(Input):
    """``variant_id``: the supplier's variant that fills the line."""

    variant_id: UUID


class UnlinkedLinePath(BaseModel):
    id: UUID
    line_id: UUID


class PurchaseOrderLineOut(OrderLineOut):
    backordered: int = Field(description="Units still to come that the supplier sends later, on `available_on`.")
    available_on: date | None
    wholesale_price: MoneyOut


class PurchaseOrderOut(Output):
    id: UUID
    number: str
    supplier_id: UUID
    status: str
    wholesale_total: MoneyOut
    shipping_cost: MoneyOut = Field(description="With the supplier's order fee.")
    order_fee: MoneyOut = Field(
        description="What of `shipping_cost` the supplier asks once for each order, as it was when this one was placed."
    )
    platform_fee: MoneyOut
    lines: list[PurchaseOrderLineOut]


class OrderOut(Output):
    """``kind``: ``sample`` for goods that you ordered for yourself, ``manual`` for what you entered on a page or by
    file, else ``order``."""

    id: UUID
    number: str
    kind: Literal["order", "sample", "manual"]
    external_id: str
    status: str
    #: Where the shopper sees the order and its parcels, without signing in.
    tracking_page_url: str
    currency: str
    created_at: datetime
    updated_at: datetime
    holds: list[HoldOut]
    unpaid: Literal["pending", "authorized", "partially_paid", "withdrawn", "lapsed"] | None = Field(
        description="How far your customer has paid, where that is not all; `withdrawn`: the authorized payment, on "
        "which it went on, is lost; `lapsed`: it will not be paid, and is cancelled."
    )
    lines: list[OrderLineOut]
    unlinked_lines: list[UnlinkedLineOut]
    purchase_orders: list[PurchaseOrderOut]


class UndecidedOut(Output):
    """Units of which it is open whether they come and what for."""

    units: int
    customer_paid: MoneyOut | None
    cost: MoneyOut | None


class ProfitOut(Output):
    """Null is what is not known. ``customer_paid``: for the lines that are delivered here, after discounts, less what
    was cancelled or refunded, without delivery and taxes. ``cost``: what you were charged, less what you got back. Both
    without what is ``undecided``."""

    customer_paid: MoneyOut | None
    cost: MoneyOut | None
    profit: MoneyOut | None
    provisional: bool
    undecided: UndecidedOut | None


class PlanOut(Output):
    """``plan`` and ``orders_a_month`` are null where nothing limits you; ``waiting``: orders that wait for the plan."""

    plan: str | None
    orders_a_month: int | None
    used: int
    left: int | None
    waiting: int
    month: str = Field(description="The month that is counted, as `2026-11`.")
    renews_on: date


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
    number_check: Literal["fits", "other", "misfit", "unknown"] = Field(
        description="Whether form and check digit of the number are the carrier's; `other`: another carrier's."
    )
    package_ref: str = Field("", description="The supplier's own word for the package, such as its SSCC.")
    shipment_status: str = Field(description="`announced`, `shipped`, `returned`, `lost` or `voided` (it never left).")
    delivery_status: str
    expected_ship_on: date | None = Field(None, description="The day on which an announced parcel is to leave.")
    shipped_at: datetime | None
    first_scan_at: datetime | None = Field(None, description="When its carrier first had it.")
    delivered_at: datetime | None
    arrival_told_by: Literal["carrier", "retailer", "supplier"] | None = Field(
        None,
        description="Whose word it is that it arrived. Where it is its supplier's alone, the supplier is paid later.",
    )
    replaces_id: UUID | None = Field(None, description="The parcel that this one is sent instead of.")
    estimated_delivery: RangeOut
    counts_as_arrived_on: date | None = Field(
        None,
        description="Where nobody reports its way: after this day it counts as arrived for its supplier's payout, "
        "unless its retailer says that it has not (`missing`).",
    )
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
