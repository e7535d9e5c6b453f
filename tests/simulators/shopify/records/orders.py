"""Orders, and what is asked for to place one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from tests.simulators.shopify.records.places import Address
from tests.simulators.shopify.records.shipping import Fulfillment, FulfillmentOrder


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
    #: What discounts of the line and its share of those of the order take off all that was bought of it.
    discount: Decimal = Decimal(0)

    @property
    def discounted_price(self) -> Decimal:
        """About what one costs after all discounts."""
        each = self.price - self.discount / self.quantity
        return each.quantize(Decimal("0.01"), ROUND_HALF_UP)

    @property
    def name(self) -> str:
        """Title and variant."""
        return f"{self.title} - {self.variant_title}" if self.variant_title else self.title


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
    #: Of the amount, what the delivery had cost.
    shipping: Decimal = Decimal(0)


@dataclass(slots=True)
class ReturnLine:
    """Units a shopper sends back; ``reason`` is the handle of a reason's definition."""

    id: int
    fulfillment_line_id: int
    quantity: int
    reason: str = "unknown"
    customer_note: str = ""


@dataclass(slots=True)
class Return:
    """Goods on their way back: REQUESTED by the shopper, OPEN, CLOSED, DECLINED or CANCELED."""

    id: int
    order_id: int
    name: str
    lines: list[ReturnLine]
    created_at: datetime
    status: str = "OPEN"
    approved_at: datetime | None = None
    closed_at: datetime | None = None
    #: Why it was declined: a reason of the API's enum, and a note that the shopper reads.
    decline: tuple[str, str] | None = None


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
    #: The currency in which the shopper paid, and what one unit of the shop's is in it.
    presentment_currency: str = ""
    presentment_rate: Decimal = Decimal(1)
    shipping_price: Decimal = Decimal(0)
    shipping_title: str = "Standard"
    tax: Decimal = Decimal(0)
    note: str | None = None
    tags: list[str] = field(default_factory=list)
    #: What programs wrote at the order, as names and values.
    attributes: list[tuple[str, str]] = field(default_factory=list)
    test: bool = False
    customer_id: int | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    staff_note: str | None = None
    closed_at: datetime | None = None
    routed: bool = False
    fulfillment_orders: list[FulfillmentOrder] = field(default_factory=list)
    fulfillments: list[Fulfillment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)
    timeline: list[TimelineEntry] = field(default_factory=list)

    def paid_in(self, amount: Decimal) -> Decimal:
        """An amount of the shop's currency in that in which the shopper paid."""
        return amount if self.presentment_rate == 1 else (amount * self.presentment_rate).quantize(Decimal("0.01"))

    def in_shops(self, paid: Decimal) -> Decimal:
        """And the other way round."""
        return paid if self.presentment_rate == 1 else (paid / self.presentment_rate).quantize(Decimal("0.01"))

    @property
    def subtotal(self) -> Decimal:
        """What the items cost now, after edits and refunds."""
        return sum((line.discounted_price * line.current_quantity for line in self.lines), Decimal(0))

    @property
    def original_subtotal(self) -> Decimal:
        """What the items cost when they were bought."""
        return sum((line.discounted_price * line.quantity for line in self.lines), Decimal(0))

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
    def refundable(self) -> Decimal:
        """Money that can still be given back."""
        return self.paid - self.refunded

    def refundable_units(self, line: LineItem) -> int:
        """Units of a line that can still be refunded. Units that came back stay in its current quantity."""
        returned = sum(
            part.quantity
            for refund in self.refunds
            for part in refund.lines
            if part.line_item_id == line.id and part.restock_type == "RETURN"
        )
        return max(line.current_quantity - returned, 0)

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
    #: Taken off the whole line.
    discount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be placed. ``allow_oversell`` is the merchant's liberty to sell what is not there."""

    lines: tuple[NewLine, ...]
    shipping_address: Address | None = None
    email: str | None = None
    phone: str | None = None
    financial_status: str = "PAID"
    #: In which the shopper pays, unless in the shop's, and what one unit of the shop's is in it.
    presentment_currency: str = ""
    presentment_rate: Decimal = Decimal(1)
    shipping_price: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    note: str | None = None
    tags: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    test: bool = False
    allow_oversell: bool = False
