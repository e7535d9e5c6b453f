"""What settlement tells the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import OfRetailer, OfSupplier


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeWanted(OfRetailer):
    """An order's charge is to be tried now."""

    topic: ClassVar[str] = "settlement.charge_wanted"
    order_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePaid(OfRetailer):
    """A retailer has paid for an order."""

    topic: ClassVar[str] = "settlement.charge_paid"
    order_id: UUID
    charge_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlongSettled(OfRetailer):
    """A charge that takes carried ones along has taken them, or never will."""

    topic: ClassVar[str] = "settlement.along_settled"
    charge_id: UUID

    @property
    def key(self) -> str:
        return f"charge:{self.charge_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeGivenUp(OfRetailer):
    """An order was cancelled before it was paid: its payment at the processor is to take nothing any more."""

    topic: ClassVar[str] = "settlement.charge_given_up"
    order_id: UUID
    charge_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplementWanted(OfRetailer):
    """What an order costs more after it was paid is to be charged now."""

    topic: ClassVar[str] = "settlement.supplement_wanted"
    charge_id: UUID
    order_id: UUID

    @property
    def key(self) -> str:
        return f"charge:{self.charge_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethodSaved(OfRetailer):
    """A retailer has a card on file; orders that waited for one go on."""

    topic: ClassVar[str] = "settlement.method_saved"

    @property
    def key(self) -> str:
        return f"retailer:{self.retailer_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWanted(OfRetailer):
    """Money is to be given back to a retailer."""

    topic: ClassVar[str] = "settlement.refund_wanted"
    refund_id: UUID

    @property
    def key(self) -> str:
        return f"refund:{self.refund_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutSent(OfSupplier):
    """Money is on its way to a supplier."""

    topic: ClassVar[str] = "settlement.payout_sent"
    payout_id: UUID

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutWanted(OfSupplier):
    """Money is to be sent to a supplier."""

    topic: ClassVar[str] = "settlement.payout_wanted"
    payout_id: UUID

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"
