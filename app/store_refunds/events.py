"""What refunds in stores tell the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import OfRetailer


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoreRefundEvent(OfRetailer):
    store_refund_id: UUID
    order_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRefundAsked(_StoreRefundEvent):
    """A store is to give money back to its customer. ``again`` counts how often it was asked anew."""

    topic: ClassVar[str] = "store_refunds.asked"
    again: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRefundMoved(_StoreRefundEvent):
    """It is made, refused, or seen to by hand."""

    topic: ClassVar[str] = "store_refunds.moved"
    state: str
