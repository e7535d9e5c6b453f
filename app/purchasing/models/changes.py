"""What suppliers are asked to change of what they have accepted."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, parties


class ChangeRequest(Base):
    """A supplier is asked to change what it has accepted: to stop units, or to send to another address. Of each kind a
    purchase order has one that waits; what is asked meanwhile is added to it."""

    __tablename__ = "change_requests"
    __tenancy__ = parties()
    __table_args__ = (
        UniqueConstraint("retailer_id", "supplier_id", "id"),
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
        Index(
            "uq_change_requests_open",
            "purchase_order_id",
            "kind",
            unique=True,
            postgresql_where=text("state = 'OPEN'"),
        ),
        Index("ix_change_requests_due", "due_at", postgresql_where=text("state = 'OPEN'")),
        Index(None, "order_id"),
        Index(None, "retailer_id", "id"),
        Index(None, "supplier_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    purchase_order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    #: One of ``app.purchasing.changes.rules.KINDS`` and ``STATES``.
    kind: Mapped[str]
    state: Mapped[str]
    #: Who wants it: ``retailer`` or ``store``; and who asked, an actor of ``app.db.Scope``.
    origin: Mapped[str]
    asked_by: Mapped[str]
    #: Why, in the retailer's words. Nothing personal.
    note: Mapped[str]
    #: The store's own requests, which are answered when this one is: one on a line (``store_refs``).
    external_ref: Mapped[str | None]
    #: The new address, sealed; it goes when the request is over.
    ship_to: Mapped[bytes | None]
    ship_to_country: Mapped[str]
    asked_at: Mapped[datetime]
    remind_at: Mapped[datetime]
    due_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    #: Why it was refused: one of ``REFUSALS``, ``no_answer`` or ``shipped_first``; and in the supplier's words.
    refusal: Mapped[str | None]
    answer: Mapped[str]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]

    lines: Mapped[list[ChangeRequestLine]] = relationship(
        lazy="raise", order_by="ChangeRequestLine.purchase_order_line_id"
    )


class ChangeRequestLine(Base):
    """Units of a line that a supplier is asked to stop. ``granted`` were stopped, ``lost`` had left before."""

    __tablename__ = "change_request_lines"
    __tenancy__ = parties()
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "change_request_id"],
            ["change_requests.retailer_id", "change_requests.supplier_id", "change_requests.id"],
        ),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("granted >= 0 and lost >= 0 and granted + lost <= quantity", name="counts_within"),
        CheckConstraint("odd >= 0 and odd <= quantity", name="odd_within"),
    )

    change_request_id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_order_line_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order_lines.id"), primary_key=True)
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    quantity: Mapped[int]
    granted: Mapped[int] = mapped_column(server_default="0")
    lost: Mapped[int] = mapped_column(server_default="0")
    #: Of these units, those that make nothing whole without another part that does not come.
    odd: Mapped[int] = mapped_column(server_default="0")

    @hybrid_property
    def waiting(self) -> int:
        """Units about which nothing is known yet; once the request is over, those that come all the same."""
        return self.quantity - self.granted - self.lost


class ChangeMessage(Base):
    """A request of ``change_requests`` on its way to the supplier's system, or the word that it is no longer asked for;
    the moves of ``state`` are in ``app.purchasing.changes.rules``. What is added to a request is another message, which
    tells all that is asked for."""

    __tablename__ = "change_messages"
    __tenancy__ = parties()
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "change_request_id"],
            ["change_requests.retailer_id", "change_requests.supplier_id", "change_requests.id"],
        ),
        UniqueConstraint("change_request_id", "cause"),
        Index(None, "purchase_order_id"),
        Index(None, "supplier_id", "sequence"),
    )

    #: Its text is the message's idempotency key.
    id: Mapped[UUID] = mapped_column(primary_key=True)
    change_request_id: Mapped[UUID]
    purchase_order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    channel: Mapped[str]
    #: ``ask``, or ``withdraw``; the cause tells apart what was asked for when.
    purpose: Mapped[str]
    cause: Mapped[str]
    state: Mapped[str]
    #: The message's number (``Sending.sequence``).
    sequence: Mapped[int]
    tries: Mapped[int] = mapped_column(server_default="0")
    asked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    #: As of a transmission.
    problem: Mapped[str | None]
    words: Mapped[bytes | None]
    #: What the message says, the same on every try: by the lines' ids, ``stops``, the units that it asks to stop, and
    #: ``granted``, those that the request had been granted before; the ``note``, and by when to answer (``answer_by``).
    detail: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
