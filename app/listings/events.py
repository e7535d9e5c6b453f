"""What listings tell the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreBehind(Event):
    """A store shows something else than it should; what differs is worked out when it is pushed."""

    topic: ClassVar[str] = "listings.store_behind"
    store_id: UUID
    retailer_id: UUID

    @property
    def key(self) -> str:
        return f"store:{self.store_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.retailer_id
