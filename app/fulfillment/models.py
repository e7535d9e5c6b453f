"""Tables of shipments."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, parties


class Shipment(Base):
    """One parcel of a purchase order. Both statuses only move forward
    (``app.fulfillment.rules``); tracking is appended, never replaced."""

    __tablename__ = "shipments"
    __tenancy__ = parties()
    __table_args__ = (
        UniqueConstraint("retailer_id", "supplier_id", "id"),
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
        # The same number with the same lines is the same parcel.
        UniqueConstraint("purchase_order_id", "tracking_number", "lines_fingerprint"),
        Index(None, "retailer_id", "shipped_at"),
        Index("ix_shipments_measured", "created_at", "estimated_to", postgresql_using="brin"),
        Index(
            "ix_shipments_store_refused",
            "retailer_id",
            postgresql_where=text("store_error is not null and store_told_at is null"),
        ),
        Index("ix_shipments_to_track", "next_poll_at", postgresql_where=text("next_poll_at is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_order_id: Mapped[UUID]
    order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    #: An adapter's name, or any word for a carrier that we do not know.
    carrier: Mapped[str]
    tracking_number: Mapped[str]
    tracking_url: Mapped[str | None]
    #: ``fits``, ``other``, ``misfit`` or ``unknown``: what the number says of the carrier.
    number_check: Mapped[str] = mapped_column(server_default="unknown")
    lines_fingerprint: Mapped[str]
    shipment_status: Mapped[str]
    delivery_status: Mapped[str]
    shipped_at: Mapped[datetime]
    #: The carrier's own first scan, never a person's word.
    first_scan_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    estimated_from: Mapped[date | None]
    estimated_to: Mapped[date | None]
    #: When the carrier is asked next; None when nothing more is to be learned.
    next_poll_at: Mapped[datetime | None]
    #: The store's id of the fulfilment once tracking has reached it, and what was last told.
    external_fulfillment_id: Mapped[str | None]
    store_told_at: Mapped[datetime | None]
    store_told_delivered_at: Mapped[datetime | None]
    store_error: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    lines: Mapped[list[ShipmentLine]] = relationship(lazy="raise")


class ShipmentLine(Base):
    """How many units of a purchase order's line are in a parcel."""

    __tablename__ = "shipment_lines"
    __tenancy__ = parties()
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "shipment_id"],
            ["shipments.retailer_id", "shipments.supplier_id", "shipments.id"],
        ),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        Index(None, "purchase_order_line_id"),
    )

    shipment_id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_order_line_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order_lines.id"), primary_key=True)
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    quantity: Mapped[int]


class TrackingEvent(Base):
    """What a carrier (or a person) said about a parcel, as it was said."""

    __tablename__ = "tracking_events"
    __tenancy__ = parties(append_only=True)
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "shipment_id"],
            ["shipments.retailer_id", "shipments.supplier_id", "shipments.id"],
        ),
        UniqueConstraint("shipment_id", "external_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    shipment_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    #: The carrier's id of the event, or one made from its time and status.
    external_id: Mapped[str]
    at: Mapped[datetime]
    delivery_status: Mapped[str]
    description: Mapped[str]
    location: Mapped[str]
    #: ``carrier``, ``supplier`` or ``retailer``.
    source: Mapped[str]
    recorded_at: Mapped[datetime]
