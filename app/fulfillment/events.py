"""What fulfilment tells the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import OfRetailer


@dataclass(frozen=True, slots=True, kw_only=True)
class _ShipmentEvent(OfRetailer):
    shipment_id: UUID
    purchase_order_id: UUID
    order_id: UUID
    supplier_id: UUID

    @property
    def key(self) -> str:
        return f"shipment:{self.shipment_id}"


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
class ArrivalConfirmed(_ShipmentEvent):
    """That a parcel arrived, as its supplier alone had told, is told by its carrier or its retailer, too."""

    topic: ClassVar[str] = "fulfillment.arrival_confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreToBeTold(_ShipmentEvent):
    """The store refused the number of a parcel, and is to be told once more."""

    topic: ClassVar[str] = "fulfillment.store_to_be_told"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentAnnounced(_ShipmentEvent):
    """A parcel is to leave on a later day."""

    topic: ClassVar[str] = "fulfillment.shipment_announced"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentCorrected(_ShipmentEvent):
    """A parcel's carrier, number or units are not what was said of it, or those that the store is to be told."""

    topic: ClassVar[str] = "fulfillment.shipment_corrected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentVoided(_ShipmentEvent):
    """A parcel was never handed over, and was taken back."""

    topic: ClassVar[str] = "fulfillment.shipment_voided"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentGivenUp(_ShipmentEvent):
    """A parcel that left will not arrive; its units were withdrawn."""

    topic: ClassVar[str] = "fulfillment.shipment_given_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class _ExceptionEvent(OfRetailer):
    exception_id: UUID
    supplier_id: UUID

    @property
    def key(self) -> str:
        return f"shipment_exception:{self.exception_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentExceptionFound(_ExceptionEvent):
    """Something is wrong with a parcel, or with one that should have left; ``kind`` is one of
    ``app.fulfillment.rules.EXCEPTION_KINDS``."""

    topic: ClassVar[str] = "fulfillment.exception_found"
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentExceptionClaimed(_ExceptionEvent):
    """The retailer wants the parcel paid back or sent again."""

    topic: ClassVar[str] = "fulfillment.exception_claimed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentExceptionOver(_ExceptionEvent):
    """It is over."""

    topic: ClassVar[str] = "fulfillment.exception_over"
