"""What purchasing tells the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRouted(Event):
    """An order has its purchase orders and its stock; what is left is to pay."""

    topic: ClassVar[str] = "purchasing.order_routed"
    order_id: UUID
    retailer_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.retailer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReleased(Event):
    """An order is paid for; its suppliers see their purchase orders."""

    topic: ClassVar[str] = "purchasing.order_released"
    order_id: UUID
    retailer_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.retailer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _PurchaseOrderEvent(Event):
    purchase_order_id: UUID
    order_id: UUID
    retailer_id: UUID
    supplier_id: UUID

    @property
    def key(self) -> str:
        return f"purchase_order:{self.purchase_order_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderReleased(_PurchaseOrderEvent):
    """The supplier may see the purchase order and is to be told."""

    topic: ClassVar[str] = "purchasing.released"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderAcknowledged(_PurchaseOrderEvent):
    """The supplier answered."""

    topic: ClassVar[str] = "purchasing.acknowledged"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderChanged(_PurchaseOrderEvent):
    """The purchase order's status moved. Told by its order, whose status follows: of all purchase orders at once."""

    topic: ClassVar[str] = "purchasing.changed"
    status: str

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesWithdrawn(_PurchaseOrderEvent):
    """Units that were charged will not come: the supplier rejected them, or they were cancelled. ``cause`` names
    this withdrawal uniquely within the purchase order."""

    topic: ClassVar[str] = "purchasing.lines_withdrawn"
    cause: str
    goods: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchDue(Event):
    """A message with purchase orders is to be sent to a supplier's system, or its doubtful outcome to be looked at."""

    topic: ClassVar[str] = "purchasing.dispatch_due"
    dispatch_id: UUID
    supplier_id: UUID

    @property
    def key(self) -> str:
        return f"dispatch:{self.dispatch_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmissionDoubtful(_PurchaseOrderEvent):
    """Nobody but a person can tell whether a purchase order arrived."""

    topic: ClassVar[str] = "purchasing.transmission_doubtful"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFailing(Event):
    """A supplier's channel fails again and again, or refuses us."""

    topic: ClassVar[str] = "purchasing.channel_failing"
    supplier_id: UUID

    @property
    def key(self) -> str:
        return f"channel:{self.supplier_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPollDue(Event):
    """It is time to ask a supplier's channel for answers."""

    topic: ClassVar[str] = "purchasing.channel_poll_due"
    supplier_id: UUID

    @property
    def key(self) -> str:
        return f"channel:{self.supplier_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequestMoved(_PurchaseOrderEvent):
    """A request to change a purchase order was made, added to, or answered. ``asked_at`` tells the repetitions of a
    request that was added to apart."""

    topic: ClassVar[str] = "purchasing.change_request_moved"
    change_request_id: UUID
    kind: str
    state: str
    asked_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequestSilent(_PurchaseOrderEvent):
    """Half of the time to answer a request is over, and its supplier has not answered."""

    topic: ClassVar[str] = "purchasing.change_request_silent"
    change_request_id: UUID
