"""What settlement tells the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeWanted(Event):
    """An order's charge is to be tried now."""

    topic: ClassVar[str] = "settlement.charge_wanted"
    order_id: UUID
    retailer_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.retailer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePaid(Event):
    """A retailer has paid for an order."""

    topic: ClassVar[str] = "settlement.charge_paid"
    order_id: UUID
    retailer_id: UUID
    charge_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.retailer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class AlongSettled(Event):
    """A charge that takes carried ones along has taken them, or never will."""

    topic: ClassVar[str] = "settlement.along_settled"
    charge_id: UUID
    retailer_id: UUID

    @property
    def key(self) -> str:
        return f"charge:{self.charge_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.retailer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeGivenUp(Event):
    """An order was cancelled before it was paid: its payment at the processor is to take nothing any more."""

    topic: ClassVar[str] = "settlement.charge_given_up"
    order_id: UUID
    retailer_id: UUID
    charge_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.retailer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplementWanted(Event):
    """What an order costs more after it was paid is to be charged now."""

    topic: ClassVar[str] = "settlement.supplement_wanted"
    charge_id: UUID
    order_id: UUID
    retailer_id: UUID

    @property
    def key(self) -> str:
        return f"charge:{self.charge_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.retailer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethodSaved(Event):
    """A retailer has a card on file; orders that waited for one go on."""

    topic: ClassVar[str] = "settlement.method_saved"
    retailer_id: UUID

    @property
    def key(self) -> str:
        return f"retailer:{self.retailer_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.retailer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWanted(Event):
    """Money is to be given back to a retailer."""

    topic: ClassVar[str] = "settlement.refund_wanted"
    refund_id: UUID
    retailer_id: UUID

    @property
    def key(self) -> str:
        return f"refund:{self.refund_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.retailer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutSent(Event):
    """Money is on its way to a supplier."""

    topic: ClassVar[str] = "settlement.payout_sent"
    payout_id: UUID
    supplier_id: UUID

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutWanted(Event):
    """Money is to be sent to a supplier."""

    topic: ClassVar[str] = "settlement.payout_wanted"
    payout_id: UUID
    supplier_id: UUID

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id
