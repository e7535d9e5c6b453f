"""How suppliers are told of purchase orders, and what they answer by the same way."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import BIG, Base, own, parties


class ChannelSetting(Base):
    """How a supplier wants its purchase orders. A supplier without a row is told by e-mail, at once."""

    __tablename__ = "channel_settings"
    __tenancy__ = own("supplier_id")
    __table_args__ = (
        Index("ix_channel_settings_poll", "next_poll_at", postgresql_where=text("next_poll_at is not null")),
    )

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    #: The adapter's name.
    channel: Mapped[str]
    #: The form's values without its secrets; the secrets, sealed; what the adapter asked to be remembered.
    values: Mapped[dict[str, str]]
    secrets: Mapped[bytes | None]
    marks: Mapped[dict[str, str]]
    #: When purchase orders are sent: ``app.purchasing.schedule``; empty: at once.
    schedule: Mapped[dict[str, Any]]
    #: The last number that a message took (``Sending.sequence``).
    sequence: Mapped[int] = mapped_column(server_default="0")
    #: How the last message, poll or test ended: when it last went well, and what has been wrong since when.
    worked_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    #: A stable word for what is wrong, and the sentence for the supplier, sealed.
    problem: Mapped[str | None]
    words: Mapped[bytes | None]
    next_poll_at: Mapped[datetime | None]
    polled_at: Mapped[datetime | None]
    tested_at: Mapped[datetime | None]
    changed_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Transmission(Base):
    """A purchase order on its way to its supplier through a channel, and what is known of the outcome; the moves of
    ``state`` are in ``app.purchasing.transmission_rules``. ``attempt`` counts the times that somebody wanted it sent
    anew; tries of one attempt share its message."""

    __tablename__ = "transmissions"
    __tenancy__ = parties()
    __table_args__ = (
        UniqueConstraint("purchase_order_id", "channel", "attempt"),
        Index(None, "dispatch_id", postgresql_where=text("dispatch_id is not null")),
        Index(
            "ix_transmissions_open",
            "supplier_id",
            "due_at",
            postgresql_where=text("state in ('QUEUED', 'SENDING', 'OUTCOME_UNKNOWN', 'NOT_RECEIVED', 'REJECTED')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    channel: Mapped[str]
    attempt: Mapped[int]
    state: Mapped[str]
    #: The message that it is part of: its text is the idempotency key. Those sent together share it. None until it is
    #: put together, and where nothing is sent.
    dispatch_id: Mapped[UUID | None]
    #: The message's number (``Sending.sequence``); 0 without one.
    sequence: Mapped[int] = mapped_column(server_default="0")
    #: When it is to be sent: at once, or with the next batch.
    due_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0")
    asked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    probes: Mapped[int] = mapped_column(server_default="0")
    next_probe_at: Mapped[datetime | None]
    #: Since when a person is asked whether it arrived, because nothing else can tell.
    person_asked_at: Mapped[datetime | None]
    #: The supplier's own name of the order.
    reference: Mapped[str] = mapped_column(server_default="")
    #: A stable word for what went wrong, and the supplier's own words about it, sealed: they may hold what was sent.
    problem: Mapped[str | None]
    words: Mapped[bytes | None]
    #: ``lines``: the units that were told, by line; ``task``: which task sends it; ``by``: who ended the doubt.
    detail: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ChannelAnswer(Base):
    """An answer that came through a channel and was handled; the same one brought again changes nothing."""

    __tablename__ = "channel_answers"
    __tenancy__ = own("supplier_id")
    __table_args__ = (
        UniqueConstraint("supplier_id", "channel", "key"),
        Index(None, "purchase_order_id", postgresql_where=text("purchase_order_id is not null")),
        Index(
            "ix_channel_answers_unused",
            "supplier_id",
            postgresql_where=text("problem is not null and settled_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    channel: Mapped[str]
    key: Mapped[str]
    #: ``acknowledgement``, ``shipment``, ``invoice``, ``cancellation``, ``change``, ``receipt`` or ``unreadable``.
    kind: Mapped[str]
    purchase_order_id: Mapped[UUID | None]
    source: Mapped[str]
    #: Why it could not be applied, in words for the supplier; and whether that is because it names none of its orders.
    problem: Mapped[str | None]
    of_others: Mapped[bool] = mapped_column(server_default="false")
    #: When somebody put it away.
    settled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class SupplierInvoice(Base):
    """A supplier's own invoice for a purchase order, as it told it; money in minor units of ``currency``. What is paid
    follows the purchase order, never this; the two are compared."""

    __tablename__ = "supplier_invoices"
    __tenancy__ = parties()
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
        UniqueConstraint("purchase_order_id", "number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    channel: Mapped[str]
    number: Mapped[str]
    dated: Mapped[date]
    currency: Mapped[str]
    total: Mapped[int] = mapped_column(BIG)
    #: What the purchase order comes to without its withdrawn units, when the invoice came.
    expected: Mapped[int] = mapped_column(BIG)
    created_at: Mapped[datetime]
