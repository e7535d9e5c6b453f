"""What inventory tells the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import OfSupplier


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryChanged(OfSupplier):
    """What can be sold of these variants of one supplier has changed."""

    topic: ClassVar[str] = "inventory.changed"
    variant_ids: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StockFreed(OfSupplier):
    """There may be more of these variants of one supplier than before: units came, or were let go."""

    topic: ClassVar[str] = "inventory.stock_freed"
    variant_ids: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortfallFound(OfSupplier):
    """A supplier's figure fell below what is promised; these order lines may not be deliverable."""

    topic: ClassVar[str] = "inventory.shortfall_found"
    shortfall_id: UUID
    variant_id: UUID
    missing: int

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"
