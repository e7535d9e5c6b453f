"""Tables of webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import BIG, Base, own


class WebhookStream(Base):
    """How many events an organisation has had. The row is held until an event is committed, so that events become
    visible in the order of their positions and a reader skips none."""

    __tablename__ = "webhook_streams"
    __tenancy__ = own()

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    last_position: Mapped[int] = mapped_column(BIG)


class WebhookEvent(Base):
    """One thing that happened, as an organisation's programs are told of it. It holds ids and small plain values."""

    __tablename__ = "webhook_events"
    __tenancy__ = own()
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "position"),
        Index(None, "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    #: Its place in the organisation's stream, from 1 on, without gaps.
    position: Mapped[int] = mapped_column(BIG)
    type: Mapped[str]
    #: What it is about: events of one subject are delivered one after another.
    subject: Mapped[str]
    data: Mapped[dict[str, Any]]
    #: The path at which the API shows the object; None where it shows none.
    link: Mapped[str | None]
    created_at: Mapped[datetime]


class WebhookEndpoint(Base):
    """An address that events are sent to. ACTIVE; FAILING: tried again ever more seldom; PAUSED by a person;
    DISABLED after it took nothing for too long, or said that it is gone."""

    __tablename__ = "webhook_endpoints"
    __tenancy__ = own()
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        Index("ix_webhook_endpoints_open", "organisation_id", postgresql_where=text("removed_at is null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    url: Mapped[str]
    description: Mapped[str]
    #: The types of events that it is sent.
    events: Mapped[list[str]]
    #: What signs its messages, sealed; None once it is removed.
    secret: Mapped[bytes | None]
    #: The secret before, which signs too until ``previous_until``.
    previous_secret: Mapped[bytes | None]
    previous_until: Mapped[datetime | None]
    state: Mapped[str]
    #: How many messages in a row were refused without one that was taken, since when, and when it is tried next.
    failures: Mapped[int] = mapped_column(server_default="0")
    failing_since: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    #: When its owners were told of the present trouble.
    told_at: Mapped[datetime | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """One event on its way to one endpoint: WAITING → DELIVERED or FAILED; a person can send either again."""

    __tablename__ = "webhook_deliveries"
    __tenancy__ = own()
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        ForeignKeyConstraint(
            ["organisation_id", "endpoint_id"], ["webhook_endpoints.organisation_id", "webhook_endpoints.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "event_id"],
            ["webhook_events.organisation_id", "webhook_events.id"],
            ondelete="cascade",
        ),
        Index("ix_webhook_deliveries_due", "next_attempt_at", postgresql_where=text("state = 'WAITING'")),
        Index(
            "ix_webhook_deliveries_order",
            "endpoint_id",
            "subject",
            "position",
            postgresql_where=text("state = 'WAITING'"),
        ),
        Index(None, "endpoint_id", "position"),
        Index(None, "organisation_id", "event_id"),
        Index("ix_webhook_deliveries_delivered", "created_at", postgresql_where=text("state = 'DELIVERED'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    endpoint_id: Mapped[UUID]
    event_id: Mapped[UUID]
    #: Of the event, as are ``type`` and ``subject``.
    position: Mapped[int] = mapped_column(BIG)
    type: Mapped[str]
    subject: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default="0")
    first_attempt_at: Mapped[datetime | None]
    next_attempt_at: Mapped[datetime]
    last_attempt_at: Mapped[datetime | None]
    #: The HTTP status of the last answer; None where none came.
    status: Mapped[int | None]
    #: Why the last attempt failed: a code of ours.
    error: Mapped[str | None]
    latency_ms: Mapped[int | None]
    #: The beginning of the last answer's body, sealed: what a stranger writes may hold anything.
    response: Mapped[bytes | None]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
