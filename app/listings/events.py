"""What listings tell the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import OfRetailer


@dataclass(frozen=True, slots=True, kw_only=True)
class _ListingsEvent(OfRetailer):
    store_id: UUID
    listing_ids: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return f"store:{self.store_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingsRefused(_ListingsEvent):
    """A store would not take these listings, their prices or their stock."""

    topic: ClassVar[str] = "listings.refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPricesChanged(_ListingsEvent):
    """These listings are to have other prices, since their cost or their rule has changed."""

    topic: ClassVar[str] = "listings.prices_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreBehind(OfRetailer):
    """A store shows something else than it should; what differs is worked out when it is pushed."""

    topic: ClassVar[str] = "listings.store_behind"
    store_id: UUID

    @property
    def key(self) -> str:
        return f"store:{self.store_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLinked(OfRetailer):
    """A retailer has said what an article of its store is: orders that wait for that may go on."""

    topic: ClassVar[str] = "listings.store_linked"
    store_id: UUID
    link_key: str

    @property
    def key(self) -> str:
        return f"store:{self.store_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesChanged(OfRetailer):
    """The goods of a listing may come from elsewhere than before."""

    topic: ClassVar[str] = "listings.sources_changed"
    listing_id: UUID

    @property
    def key(self) -> str:
        return f"listing:{self.listing_id}"
