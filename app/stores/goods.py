"""Products, stock and prices on their way into a store, and what the store made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.kit.money import Money


@dataclass(frozen=True, slots=True)
class LocationRef:
    """A location inside a store that stands for one supplier."""

    location_id: str
    service_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantPush:
    """What a store should show of one variant. ``key`` is our id of it and comes back in the result."""

    key: str
    sku: str
    gtin: str | None
    options: Mapping[str, str]
    price: Money
    compare_at: Money | None
    cost: Money
    weight_grams: int | None
    quantity: int
    external_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPush:
    """What a store should show of one product. ``key`` is our id of the listing: a second push with the same
    key changes the product that the first one made. Fields that the retailer owns are None."""

    key: str
    title: str | None
    description_html: str | None
    vendor: str
    product_type: str
    tags: Sequence[str]
    images: Sequence[tuple[str, str]] | None
    option_names: Sequence[str]
    published: bool
    location: LocationRef
    external_id: str | None
    variants: Sequence[VariantPush]
    #: Title and description for search engines, for a product that is made; the retailer's from then on.
    seo: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantPushed:
    """The store's ids of one variant."""

    key: str
    external_id: str
    inventory_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPushed:
    """The store took the listing."""

    external_id: str
    handle: str
    variants: Sequence[VariantPushed]


@dataclass(frozen=True, slots=True)
class PushRefused:
    """The store refused one entry. ``message`` is in our words, ``original`` in the store's; ``gone`` says that
    the thing no longer exists there."""

    code: str
    message: str
    original: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StockPush:
    """Set the quantity of one variant at one location, if the store still holds ``change_from``."""

    inventory_id: str
    location_id: str
    quantity: int
    change_from: int | None


@dataclass(frozen=True, slots=True)
class StockSet:
    """The quantity was set."""


@dataclass(frozen=True, slots=True)
class StockStale:
    """The store holds another quantity than we believed; nothing was set. ``actual`` is what it holds."""

    actual: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePush:
    """Set price, compare-at price and cost of one variant."""

    product_id: str
    variant_id: str
    price: Money | None
    compare_at: Money | None
    cost: Money
