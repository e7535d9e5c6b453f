"""Who ships what of an order, and what has left."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tests.simulators.shopify.records.places import Address


@dataclass(slots=True)
class Hold:
    """Why a fulfilment order must wait."""

    id: int
    reason: str
    notes: str | None
    handle: str | None
    by_app: bool


@dataclass(slots=True)
class MerchantRequest:
    """The merchant's request to a fulfilment service: FULFILLMENT_REQUEST or CANCELLATION_REQUEST."""

    id: int
    kind: str
    message: str | None
    sent_at: datetime
    notify_customer: bool = False
    response: str | None = None


@dataclass(slots=True)
class FulfillmentOrderLine:
    """The part of a line item that one location ships."""

    id: int
    line_item_id: int
    total: int
    remaining: int


@dataclass(slots=True)
class FulfillmentOrder:
    """What one location has to ship of one order."""

    id: int
    order_id: int
    location_id: int
    lines: list[FulfillmentOrderLine]
    destination: Address | None
    created_at: datetime
    updated_at: datetime
    status: str = "OPEN"
    request_status: str = "UNSUBMITTED"
    destination_email: str | None = None
    fulfill_at: datetime | None = None
    holds: list[Hold] = field(default_factory=list)
    requests: list[MerchantRequest] = field(default_factory=list)
    #: What whoever ships it said of how it goes on, the latest last.
    progress: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Tracking:
    """A parcel's number, who carries it and where to follow it."""

    number: str | None
    url: str | None
    company: str | None


@dataclass(slots=True)
class FulfillmentEvent:
    """A parcel's progress: IN_TRANSIT, OUT_FOR_DELIVERY, DELIVERED…"""

    id: int
    status: str
    happened_at: datetime
    created_at: datetime
    message: str | None = None
    city: str | None = None
    country: str | None = None
    zip: str | None = None


@dataclass(slots=True)
class FulfillmentLine:
    """Units of a line item that left with a fulfilment."""

    id: int
    line_item_id: int
    quantity: int
    fulfillment_order_line_id: int


@dataclass(slots=True)
class Fulfillment:
    """What left in one go: status SUCCESS or CANCELLED."""

    id: int
    order_id: int
    name: str
    location_id: int
    lines: list[FulfillmentLine]
    created_at: datetime
    updated_at: datetime
    status: str = "SUCCESS"
    tracking: list[Tracking] = field(default_factory=list)
    events: list[FulfillmentEvent] = field(default_factory=list)
    #: How often the shop has written to its customer about it.
    letters: int = 0
