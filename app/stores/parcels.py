"""What a store is told of its orders' parcels and progress, and what it says is still to be sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfillmentOrderRef:
    """The store's own idea of what one location has to send for an order. ``state`` is ``open``, ``held`` (the merchant
    or another app lets it wait), ``requested``, ``accepted``, ``closed`` or ``cancelled``."""

    external_id: str
    location_id: str
    state: str
    #: The location is the merchant's own: nobody is asked to send it, and nothing is to be accepted.
    of_merchant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsentUnits:
    """Units of lines of an order that a store has to send, by the store's line ids, and where."""

    order: FulfillmentOrderRef
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingPush:
    """A parcel that left: which lines of the store's order, by the store's line ids. ``also_known_as``: another number
    that the store may know it by, from a call whose answer was lost. ``others``: the store's ids of other parcels
    of the order, which may have the same number."""

    fulfillment_order_id: str
    lines: Mapping[str, int]
    carrier: str
    tracking_number: str
    tracking_url: str | None
    notify_shopper: bool
    also_known_as: str | None = None
    others: Collection[str] = ()


#: The longest text of a note on an order: Shopify takes no longer one with a report of progress.
LONGEST_NOTE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNote:
    """What the people of a store should know of units of an order, in at most ``LONGEST_NOTE`` characters. ``key``:
    ours, of this very note. ``location_id``: where the store has these units; None where it has no place for them."""

    key: str
    external_order_id: str
    location_id: str | None
    text: str
