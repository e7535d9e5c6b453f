"""Where goods are, and how many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Address:
    """A postal address; ``country_code`` is ISO 3166-1 alpha-2, ``province_code`` the part after the dash of 3166-2."""

    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    province_code: str | None = None
    zip: str | None = None
    country: str | None = None
    country_code: str | None = None
    phone: str | None = None

    @property
    def name(self) -> str:
        """First and last name."""
        return " ".join(part for part in (self.first_name, self.last_name) if part)


@dataclass(slots=True)
class Location:
    """A place that stocks goods: the merchant's own, or one that stands for a fulfilment service."""

    id: int
    name: str
    address: Address
    created_at: datetime
    updated_at: datetime
    is_active: bool = True
    service_id: int | None = None


@dataclass(slots=True)
class FulfillmentService:
    """A third party that ships, registered by the app."""

    id: int
    name: str
    handle: str
    callback_url: str | None
    inventory_management: bool
    tracking_support: bool
    requires_shipping_method: bool
    location_id: int


@dataclass(slots=True)
class Level:
    """Units of an item at a location. Available may be negative after an oversell. An inactive level has quantities
    but sells nothing: since 2026-10 quantities can be set at any location, and only activation stocks the item there.
    """

    item_id: int
    location_id: int
    created_at: datetime
    updated_at: datetime
    available: int = 0
    committed: int = 0
    active: bool = True

    @property
    def on_hand(self) -> int:
        """What is physically there."""
        return self.available + self.committed


@dataclass(slots=True)
class StockChange:
    """One line of the inventory history: who changed what, for the admin's eyes."""

    at: datetime
    item_id: int
    location_id: int
    name: str
    delta: int
    after: int
    reason: str
    reference: str | None
