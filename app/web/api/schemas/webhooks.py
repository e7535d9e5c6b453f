"""Webhook endpoints, their deliveries, and the stream of events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.web.api.schemas.shapes import Input, Output, PageQuery, Text

EventName = Annotated[Text, Field(max_length=60)]
Events = Annotated[list[EventName], Field(min_length=1, max_length=100)]
State = Literal["ACTIVE", "FAILING", "PAUSED", "DISABLED"]
DeliveryState = Literal["WAITING", "DELIVERED", "FAILED"]


class EndpointInput(Input):
    """Where events go, and which."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    events: Events
    description: Annotated[Text, Field(max_length=200)] = ""


class EndpointChange(Input):
    """What is left out stays. ``state``: PAUSED stops sending, ACTIVE goes on, also after it was switched off."""

    url: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    events: Events | None = None
    description: Annotated[Text, Field(max_length=200)] | None = None
    state: Literal["ACTIVE", "PAUSED"] | None = None


class EndpointOut(Output):
    id: UUID
    url: str
    description: str
    events: list[str]
    state: State
    failing_since: datetime | None
    next_attempt_at: datetime | None
    previous_secret_until: datetime | None
    created_at: datetime


class EndpointWithSecret(EndpointOut):
    """``secret`` is shown this once; an answer that is replayed for its Idempotency-Key has none."""

    secret: str | None


class EndpointList(Output):
    items: list[EndpointOut]
    next_cursor: str | None


class RotateInput(Input):
    """``overlap_hours``: how long messages are signed with the old secret too."""

    overlap_hours: Annotated[int, Field(strict=True, ge=0, le=720)] = 24


class DeliveryPath(Input):
    id: UUID
    delivery_id: UUID


class DeliveriesQuery(PageQuery):
    state: DeliveryState | None = None


class DeliveryOut(Output):
    id: UUID
    event_id: UUID
    type: str
    state: DeliveryState
    attempts: int
    response_status: int | None
    response_body: str
    error: str | None
    latency_ms: int | None
    created_at: datetime
    last_attempt_at: datetime | None
    next_attempt_at: datetime | None
    delivered_at: datetime | None


class DeliveryList(Output):
    items: list[DeliveryOut]
    next_cursor: str | None


class RedeliverInput(Input):
    since: AwareDatetime


class RedeliveredOut(Output):
    deliveries: int


class EventsQuery(PageQuery):
    """``after``: the id of the last event that you have; ``type``: one type only."""

    after: UUID | None = None
    type: EventName | None = None


class EventOut(Output):
    """The same as a webhook's body."""

    id: UUID
    type: str
    created_at: datetime
    sequence: int
    data: dict[str, Any]


class EventList(Output):
    items: list[EventOut]
    next_cursor: str | None
