"""What suppliers' affairs tell the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierStatusChanged(Event):
    """A supplier may sell now, or no longer."""

    topic: ClassVar[str] = "suppliers.status_changed"
    supplier_id: UUID
    status: str

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierApplied(Event):
    """A supplier wants to be approved."""

    topic: ClassVar[str] = "suppliers.applied"
    supplier_id: UUID

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"
