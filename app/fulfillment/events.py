"""What fulfilment tells the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class _ShipmentEvent(Event):
    shipment_id: UUID
    purchase_order_id: UUID
    order_id: UUID
    retailer_id: UUID
    supplier_id: UUID

    @property
    def key(self) -> str:
        return f"shipment:{self.shipment_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.retailer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentCreated(_ShipmentEvent):
    """A parcel left."""

    topic: ClassVar[str] = "fulfillment.shipment_created"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentMoved(_ShipmentEvent):
    """A parcel was seen on its way; ``delivery_status`` is where it is now."""

    topic: ClassVar[str] = "fulfillment.shipment_moved"
    delivery_status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentDelivered(_ShipmentEvent):
    """A parcel arrived."""

    topic: ClassVar[str] = "fulfillment.shipment_delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreToBeTold(_ShipmentEvent):
    """The store refused the number of a parcel, and is to be told once more."""

    topic: ClassVar[str] = "fulfillment.store_to_be_told"
