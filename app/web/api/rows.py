"""Batches: many rows in one call, each with a result of its own, so that a bad one does not hold up the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from app.catalog import queries as catalog
from app.catalog.models import SupplierVariant


class Named(Protocol):
    """A row that names a variant."""

    variant_id: UUID | None
    sku: str | None


Row = TypeVar("Row", bound=BaseModel)


def read_rows(items: Sequence[Any], kind: type[Row]) -> tuple[dict[int, Row], list[dict[str, Any]]]:
    """The rows that can be read by their places, and the outcomes of all: those of the bad ones filled in."""
    rows: dict[int, Row] = {}
    outcomes: list[dict[str, Any]] = [{} for _ in items]
    for index, item in enumerate(items):
        try:
            rows[index] = kind.model_validate(item)
        except ValidationError as error:
            first = error.errors()[0]
            sku = item.get("sku") if isinstance(item, dict) else None
            field = ".".join(str(step) for step in first["loc"]) or "item"
            outcomes[index] = failed(sku if isinstance(sku, str) else None, field, first["type"], first["msg"])
    return rows, outcomes


class Variants:
    """A supplier's variants, to be found by what rows name."""

    def __init__(self, variants: Sequence[SupplierVariant]) -> None:
        self._by_id: Mapping[UUID, SupplierVariant] = {one.id: one for one in variants}
        self._by_sku: Mapping[str, SupplierVariant] = {one.sku: one for one in variants}

    @classmethod
    def named(cls, session: Session, supplier_id: UUID, rows: Sequence[Named]) -> Variants:
        """Those that rows name; what is another supplier's is not among them."""
        return cls(
            catalog.variants_of(
                session,
                supplier_id,
                ids=[row.variant_id for row in rows if row.variant_id],
                skus=[row.sku for row in rows if row.sku and not row.variant_id],
            )
        )

    def of(self, row: Named) -> SupplierVariant | None:
        """The variant that a row names, by its id before its SKU."""
        if row.variant_id is not None:
            return self._by_id.get(row.variant_id)
        return self._by_sku.get(row.sku) if row.sku else None


def unknown(row: Named) -> dict[str, Any]:
    """The outcome of a row that names no variant of the supplier."""
    return failed(row.sku, "sku", "unknown_sku", "You have no variant like this.")


def failed(sku: str | None, field: str, code: str, message: str) -> dict[str, Any]:
    """The outcome of a row that was not carried out."""
    return {"sku": sku, "status": "error", "error": {"field": field, "code": code, "message": message}}
