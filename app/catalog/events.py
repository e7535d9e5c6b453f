"""What the catalogue tells the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductsChanged(Event):
    """Texts, pictures, prices or status of these products of one supplier have changed."""

    topic: ClassVar[str] = "catalog.products_changed"
    supplier_id: UUID
    product_ids: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductsMade(Event):
    """A list of one supplier's brought these products, of which nothing was there before; they are yet to be found by
    retailers. ``ProductsChanged`` tells of them as well."""

    topic: ClassVar[str] = "catalog.products_made"
    supplier_id: UUID
    product_ids: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id
