"""What the catalogue tells the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import OfSupplier


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductsChanged(OfSupplier):
    """Texts, pictures, prices or status of these products of one supplier have changed."""

    topic: ClassVar[str] = "catalog.products_changed"
    product_ids: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductsMade(OfSupplier):
    """A list of one supplier's brought these products, of which nothing was there before; they are yet to be found by
    retailers. ``ProductsChanged`` tells of them as well."""

    topic: ClassVar[str] = "catalog.products_made"
    product_ids: tuple[UUID, ...]

    @property
    def key(self) -> str:
        return f"supplier:{self.supplier_id}"
