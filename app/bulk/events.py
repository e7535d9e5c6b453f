"""What bulk actions tell the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkActionStarted(Event):
    """A bulk action waits to be carried out."""

    topic: ClassVar[str] = "bulk.started"
    bulk_action_id: UUID
    organisation_id: UUID

    @property
    def key(self) -> str:
        return f"bulk:{self.bulk_action_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.organisation_id
