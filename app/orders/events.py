"""What orders tell the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import OfRetailer


@dataclass(frozen=True, slots=True, kw_only=True)
class _OrderEvent(OfRetailer):
    order_id: UUID

    @property
    def key(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHeld(_OrderEvent):
    """An order waits for somebody."""

    topic: ClassVar[str] = "orders.held"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHoldsReleased(_OrderEvent):
    """Nothing holds the order any more."""

    topic: ClassVar[str] = "orders.holds_released"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsCancelled(_OrderEvent):
    """Units of an order that came from a store will not be delivered."""

    topic: ClassVar[str] = "orders.units_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLapsed(_OrderEvent):
    """An order was not paid in time and is cancelled."""

    topic: ClassVar[str] = "orders.lapsed"
