"""An order as it is wanted: what it says, whether it can be taken, and how it is written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from app.catalog.rules import variant_title
from app.config import settings
from app.kit import clock
from app.kit.errors import FieldError, Invalid
from app.orders import service as orders
from app.purchasing.service.screening import ToScreen
from app.stores.store_orders import Address, BesideGoods

#: Of a shopper's, of the retailer for itself, or entered by the retailer.
Kind = Literal["order", "sample", "manual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line wanted: a supplier's variant and how many. ``retail_price`` is in minor units of the order's currency."""

    variant_id: UUID
    quantity: int
    external_line_id: str | None = None
    retail_price: int | None = None
    #: The store sold a listing of ours, whose stock there it counted down; not an article that was linked by hand.
    listed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder:
    """An order wanted. ``trouble``: a person who places an order is refused (``refuse``) what can't be delivered;
    an order that a shopper has paid for is kept and ``hold``s with the reason."""

    retailer_id: UUID
    store_id: UUID | None
    external_id: str
    external_name: str
    currency: str
    address: Address | None
    lines: Sequence[Line]
    note: str = ""
    placed_at: datetime | None = None
    trouble: Literal["refuse", "hold"] = "refuse"
    store_name: str = ""
    #: Nobody paid for it: it is written down and goes no further.
    test: bool = False
    kind: Kind = "order"
    #: Variant → price of one unit that was agreed on, in minor units of the supplier's currency; the others cost what
    #: their quantity costs. What is agreed on comes from its own supplier.
    agreed: Mapping[UUID, int] = field(default_factory=dict)
    #: The order to which the store added these lines.
    supplements: UUID | None = None
    #: How new the store's word of it is.
    store_updated_at: datetime | None = None
    #: Where it is billed, and by what the customer is known in the store.
    billing_country: str = ""
    customer_ref: str = field(default="", repr=False)
    #: How far its customer has paid, where that is not all: it waits for the rest.
    unpaid: str | None = None
    #: What its customer pays beside the prices of the lines.
    beside_goods: BesideGoods | None = None
    #: How suppliers are to ship, as a person chose: ``app.purchasing.routing.gathering.gather``.
    methods: Mapping[UUID | None, str] = field(default_factory=dict)
    #: It takes a place in the retailer's plan, unless it is a sample or has the place of another order.
    counts: bool = True
    #: The store's lines that no supplier's variant is linked to.
    unlinked: Sequence[orders.NewUnlinkedLine] = ()


def to_screen(
    order_id: UUID, wanted: PlaceOrder, known: Sequence[Line], variants: Mapping[UUID, Any], *, goes_on: bool
) -> ToScreen:
    """What its risk is judged by."""
    prices = [line.retail_price for line in known]
    return ToScreen(
        order_id=order_id,
        retailer_id=wanted.retailer_id,
        store_id=wanted.store_id,
        external_id=wanted.external_id,
        currency=wanted.currency,
        total=None
        if any(price is None for price in prices)
        else sum((line.retail_price or 0) * line.quantity for line in known),
        address=wanted.address,
        billing_country=wanted.billing_country,
        customer_ref=wanted.customer_ref,
        supplier_ids=sorted({variants[line.variant_id].supplier_id for line in known}),
        goes_on=goes_on,
    )


def check(wanted: PlaceOrder) -> None:
    """Raises ``Invalid`` for what can't be taken at all, or, by a person, not with this address."""
    errors = []
    if wanted.currency not in settings().currencies:
        errors.append(
            FieldError("currency", "currency_not_settled", f"Orders in {wanted.currency} are not settled here.")
        )
    for index, line in enumerate(wanted.lines):
        if not 0 < line.quantity <= orders.LARGEST_QUANTITY:
            errors.append(
                FieldError(f"lines[{index}].quantity", "out_of_range", "A quantity is a whole number from 1 up.")
            )
    first_with: dict[str, int] = {}
    for index, line in enumerate(wanted.lines):
        if line.external_line_id and first_with.setdefault(line.external_line_id, index) != index:
            errors.append(
                FieldError(f"lines[{index}].external_line_id", "duplicate", "Another line of the order has this id.")
            )
    if not wanted.lines and not wanted.unlinked:
        errors.append(FieldError("lines", "required", "An order has at least one line."))
    if errors:
        raise Invalid("The order can't be taken.", errors=errors)
    if wanted.trouble == "refuse":
        if wanted.address is None:
            raise Invalid.field("shipping_address", "required", "An order needs a delivery address.")
        orders.check_address(wanted.address)


def new_order(wanted: PlaceOrder, known: Sequence[Line], variants: Mapping[UUID, Any]) -> orders.NewOrder:
    """How it is written down, of its lines those that are ``known``, by what their variants are called."""
    return orders.NewOrder(
        retailer_id=wanted.retailer_id,
        store_id=wanted.store_id,
        external_id=wanted.external_id,
        external_name=wanted.external_name,
        currency=wanted.currency,
        address=wanted.address,
        note=wanted.note,
        placed_at=wanted.placed_at or clock.now(),
        kind=wanted.kind,
        supplements=wanted.supplements,
        store_updated_at=wanted.store_updated_at,
        unpaid=wanted.unpaid,
        customer_ref=wanted.customer_ref,
        beside_goods=wanted.beside_goods,
        lines=[
            orders.NewLine(
                variant_id=line.variant_id,
                quantity=line.quantity,
                title=variant_title(variants[line.variant_id].title, variants[line.variant_id].options),
                sku=variants[line.variant_id].sku,
                external_line_id=line.external_line_id,
                retail_price=line.retail_price,
            )
            for line in known
        ],
    )
