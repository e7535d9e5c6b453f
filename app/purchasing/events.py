"""What purchasing tells the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypedDict
from uuid import UUID

from app.outbox.events import OfRetailer, OfSupplier
from app.purchasing.models import PurchaseOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRouted(OfRetailer):
    """An order has its purchase orders and its stock; what is left is to pay."""

    topic: ClassVar[str] = "purchasing.order_routed"
    order_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReleased(OfRetailer):
    """An order is paid for; its suppliers see their purchase orders."""

    topic: ClassVar[str] = "purchasing.order_released"
    order_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _PurchaseOrderEvent(OfSupplier):
    purchase_order_id: UUID
    order_id: UUID
    retailer_id: UUID

    @property
    def key(self) -> str:
        return f"purchase_order:{self.purchase_order_id}"


class PurchaseOrderIds(TypedDict):
    """What every event of a purchase order names."""

    purchase_order_id: UUID
    order_id: UUID
    retailer_id: UUID
    supplier_id: UUID


def ids_of(purchase_order: PurchaseOrder) -> PurchaseOrderIds:
    """The ids of one."""
    return {
        "purchase_order_id": purchase_order.id,
        "order_id": purchase_order.order_id,
        "retailer_id": purchase_order.retailer_id,
        "supplier_id": purchase_order.supplier_id,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderReleased(_PurchaseOrderEvent):
    """The supplier may see the purchase order and is to be told."""

    topic: ClassVar[str] = "purchasing.released"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderAcknowledged(_PurchaseOrderEvent):
    """The supplier answered."""

    topic: ClassVar[str] = "purchasing.acknowledged"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesBackordered(_PurchaseOrderEvent):
    """The supplier named another day for units than before, or has backordered units now."""

    topic: ClassVar[str] = "purchasing.lines_backordered"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackorderOver(_PurchaseOrderEvent):
    """Nothing that the supplier backordered is still to come: it has left, or is not wanted any more."""

    topic: ClassVar[str] = "purchasing.backorder_over"


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
    #: Of units that the supplier rejected: how many newly, line by line. They are not lost yet: another supplier may
    #: have them, or the retailer decides.
    rejected: tuple[tuple[UUID, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAsked(_PurchaseOrderEvent):
    """The supplier asks another price for lines than was ordered."""

    topic: ClassVar[str] = "purchasing.price_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOverdue(_PurchaseOrderEvent):
    """The supplier has not answered in time. ``step``: ``reminded`` or ``escalated``; the ``number`` of it counts from
    1."""

    topic: ClassVar[str] = "purchasing.answer_overdue"
    step: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesRerouted(_PurchaseOrderEvent):
    """Units of a purchase order were taken from its supplier and given to another one: it sends nothing of them."""

    topic: ClassVar[str] = "purchasing.lines_rerouted"
    lines: tuple[tuple[UUID, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _DecisionEvent(OfRetailer):
    decision_id: UUID
    order_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionNeeded(_DecisionEvent):
    """The retailer is to decide about units that do not come as ordered. ``kind``: price, rejected, silent or later."""

    topic: ClassVar[str] = "purchasing.decision_needed"
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionChosen(_DecisionEvent):
    """It has chosen; the choice is to be carried out."""

    topic: ClassVar[str] = "purchasing.decision_chosen"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionWaits(_DecisionEvent):
    """It was chosen that units wait for stock, until this day (ISO 8601, where the store is) at the latest."""

    topic: ClassVar[str] = "purchasing.decision_waits"
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMade(_DecisionEvent):
    """A choice is carried out; without one there was nothing left to decide. ``chosen_by``: person, rule or
    deadline."""

    topic: ClassVar[str] = "purchasing.decision_made"
    choice: str
    chosen_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreNoteWanted(_DecisionEvent):
    """A store is to be told once more what was decided."""

    topic: ClassVar[str] = "purchasing.store_note_wanted"


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchDue(OfSupplier):
    """A message with purchase orders is to be sent to a supplier's system, or its doubtful outcome to be looked at."""

    topic: ClassVar[str] = "purchasing.dispatch_due"
    dispatch_id: UUID

    @property
    def key(self) -> str:
        return f"dispatch:{self.dispatch_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmissionInDoubt(_PurchaseOrderEvent):
    """A person has to look at how a purchase order was sent: nothing else can tell whether it arrived, or it was
    refused. Or that is over."""

    topic: ClassVar[str] = "purchasing.transmission_in_doubt"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierReminded(_PurchaseOrderEvent):
    """Somebody reminded a supplier that a purchase order waits for it, at that moment (ISO 8601)."""

    topic: ClassVar[str] = "purchasing.supplier_reminded"
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFailing(OfSupplier):
    """A supplier's channel fails again and again, or refuses us."""

    topic: ClassVar[str] = "purchasing.channel_failing"

    @property
    def key(self) -> str:
        return f"channel:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPollDue(OfSupplier):
    """It is time to ask a supplier's channel for answers."""

    topic: ClassVar[str] = "purchasing.channel_poll_due"

    @property
    def key(self) -> str:
        return f"channel:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressReplaced(_PurchaseOrderEvent):
    """A purchase order that its supplier has seen goes to another address. ``accepted``: its supplier agreed to
    that."""

    topic: ClassVar[str] = "purchasing.address_replaced"
    accepted: bool = False


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
class ChangeNotPassedOn(_PurchaseOrderEvent):
    """The supplier's system could not be asked for a change: its people are. ``message_id``: of the message."""

    topic: ClassVar[str] = "purchasing.change_not_passed_on"
    change_request_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequestSilent(_PurchaseOrderEvent):
    """Half of the time to answer a request is over, and its supplier has not answered."""

    topic: ClassVar[str] = "purchasing.change_request_silent"
    change_request_id: UUID
