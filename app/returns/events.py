"""What returns tell the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import OfRetailer, OfSupplier


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnMoved(OfRetailer):
    """A return has come to another state. ``by``: ``retailer``, ``supplier`` or ``system``, whose doing it was."""

    topic: ClassVar[str] = "returns.moved"
    return_id: UUID
    supplier_id: UUID
    state: str
    by: str

    @property
    def key(self) -> str:
        return f"return:{self.return_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnArrived(OfSupplier):
    """The carrier brought a return's parcel to where it is checked."""

    topic: ClassVar[str] = "returns.arrived"
    return_id: UUID
    retailer_id: UUID

    @property
    def key(self) -> str:
        return f"return:{self.return_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditMemoIssued(OfRetailer):
    """A supplier owes money back; it is to be booked and refunded."""

    topic: ClassVar[str] = "returns.credit_memo_issued"
    credit_memo_id: UUID
    purchase_order_id: UUID

    @property
    def key(self) -> str:
        return f"purchase_order:{self.purchase_order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperReturnAsked(OfRetailer):
    """A customer asks its shop to take things back."""

    topic: ClassVar[str] = "returns.shopper_asked"
    shopper_return_id: UUID
    order_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopperReturnDecided(OfRetailer):
    """A customer's request is granted or refused. ``state``: of ``app.returns.rules.SHOPPER_STATES``."""

    topic: ClassVar[str] = "returns.shopper_decided"
    shopper_return_id: UUID
    order_id: UUID
    state: str

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"
