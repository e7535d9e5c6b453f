"""The base of all events: what a domain tells the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact in the past tense. Its fields are ids and small plain values, never personal data.

    ``topic`` names the kind of fact; ``key`` groups facts that must be told in order.
    """

    topic: ClassVar[str]

    @property
    def key(self) -> str:
        """Facts with the same key are told one after another."""
        raise NotImplementedError

    @property
    def organisation(self) -> UUID | None:
        """Whose work it makes, for a fair share between tenants; None for the platform's own."""
        return None

    def payload(self) -> dict[str, Any]:
        """The fields as JSON can hold them."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfRetailer(Event):
    """A fact that makes work for a retailer."""

    retailer_id: UUID

    @property
    def organisation(self) -> UUID | None:
        return self.retailer_id


@dataclass(frozen=True, slots=True, kw_only=True)
class OfSupplier(Event):
    """A fact that makes work for a supplier."""

    supplier_id: UUID

    @property
    def organisation(self) -> UUID | None:
        return self.supplier_id


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
