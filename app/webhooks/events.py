"""What webhooks tell the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class _EndpointEvent(Event):
    organisation_id: UUID
    endpoint_id: UUID

    @property
    def key(self) -> str:
        return f"webhook_endpoint:{self.endpoint_id}"

    @property
    def organisation(self) -> UUID | None:
        return self.organisation_id


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveriesDue(_EndpointEvent):
    """Something is to be sent to an endpoint now."""

    topic: ClassVar[str] = "webhooks.deliveries_due"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointFailing(_EndpointEvent):
    """An endpoint takes nothing any more; its owners must know."""

    topic: ClassVar[str] = "webhooks.endpoint_failing"
