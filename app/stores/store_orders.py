"""Orders as stores tell them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.kit.money import Money
from app.stores.payment import AWAITED, Payment


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a parcel goes. Personal data: sealed at rest, never logged."""

    name: str
    address1: str
    city: str
    postal_code: str
    country_code: str
    company: str = ""
    address2: str = ""
    province: str = ""
    phone: str = ""
    email: str = ""

    def __repr__(self) -> str:
        return f"Address(country_code={self.country_code!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOrderLine:
    """A line of a store's order. ``external_variant_id`` is None for custom lines; ``quantity`` is what is
    still to be delivered (ordered less refunded or removed); ``unsent`` what of it nobody has sent yet, where the store
    says so. ``unit_price`` is what the shopper pays for one, after all discounts. ``fulfilled_by`` is the store's name
    of who it expects to deliver it, empty for the shop itself."""

    external_line_id: str
    external_variant_id: str | None
    title: str
    sku: str
    quantity: int
    unit_price: Money | None
    external_product_id: str | None = None
    fulfilled_by: str = ""
    unsent: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideGoods:
    """What a shopper pays beside the prices of an order's lines, in minor units of its currency: ``delivery``, with its
    taxes, None where that is not told; ``taxes`` on all of the goods that are not in their prices; by the store's line
    ids the same for one unit, rounded up, where they are told for each line."""

    delivery: int | None = None
    taxes: int = 0
    taxes_by_line: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOrder:
    """An order as a store tells it. ``address`` is None when it needs none or the store gave none."""

    external_id: str
    name: str
    currency: str
    payment: Payment
    cancelled: bool
    test: bool
    placed_at: datetime
    updated_at: datetime
    address: Address | None
    note: str
    lines: tuple[StoreOrderLine, ...]
    #: Where it is billed, and by what the customer is known in the store. Only a keyed hash of the latter is kept.
    billing_country: str = ""
    customer_ref: str = field(default="", repr=False)
    #: What is paid beside the prices of its lines; None where the store does not say.
    beside_goods: BesideGoods | None = None

    @property
    def paid(self) -> bool:
        """Whether all that it costs was taken."""
        return self.payment is Payment.PAID

    @property
    def awaited(self) -> bool:
        """Whether it is still to be paid."""
        return self.payment in AWAITED
