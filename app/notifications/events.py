"""What notifications tell the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailQueued(Event):
    """An e-mail waits to be sent."""

    topic: ClassVar[str] = "notifications.email_queued"
    email_id: UUID
    organisation_id: UUID | None = None

    @property
    def key(self) -> str:
        return f"email:{self.email_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.organisation_id
