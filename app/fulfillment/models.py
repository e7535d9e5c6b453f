"""Tables of shipments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text, true
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship, synonym

from app.db import BIG, Base, own, parties
from app.purchasing import models as _tables_named  # noqa: F401 – foreign keys here name its tables


class Shipment(Base):
    """One parcel of a purchase order. Both statuses only move forward
    (``app.fulfillment.rules``); tracking is appended, never replaced. What the store was told of it stands in
    ``store_fulfillments``; ``store_told_at`` and the like sum that up."""

    __tablename__ = "shipments"
    __tenancy__ = parties()
    __table_args__ = (
        UniqueConstraint("retailer_id", "supplier_id", "id"),
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
        # The same number with the same lines is the same parcel, unless it was taken back.
        Index(
            "uq_shipments_parcel",
            "purchase_order_id",
            "tracking_number",
            "lines_fingerprint",
            unique=True,
            postgresql_where=text("shipment_status <> 'voided'"),
        ),
        Index(None, "replaces_id", postgresql_where=text("replaces_id is not null")),
        Index(None, "retailer_id", "shipped_at"),
        # A shopper who asks after a parcel knows its number.
        Index(None, "tracking_number", "retailer_id"),
        Index("ix_shipments_measured", "created_at", "estimated_to", postgresql_using="brin"),
        Index(
            "ix_shipments_store_refused",
            "retailer_id",
            postgresql_where=text("store_error is not null and store_told_at is null"),
        ),
        # Those on their way whose way nobody reports are few, and some carriers' own reports are not among them.
        Index(
            "ix_shipments_unreported",
            "id",
            postgresql_where=text(
                "shipment_status = 'shipped' and delivered_at is null and reported_by is null and assumed_at is null"
            ),
        ),
        Index("ix_shipments_trackers", "tracker_ref", postgresql_where=text("tracker_ref is not null")),
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
    #: The supplier's own word for the package (an SSCC, say); empty where it gave none.
    package_ref: Mapped[str] = mapped_column(server_default="")
    #: The parcel that this one is sent instead of. Its units were counted with that one.
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("shipments.id"))
    #: One of ``app.fulfillment.rules.SHIPMENT_MOVES``.
    shipment_status: Mapped[str]
    delivery_status: Mapped[str]
    #: The day on which an announced parcel is to leave.
    expected_ship_on: Mapped[date | None]
    #: When it left, by the supplier's word or the first scan; None while it is announced.
    shipped_at: Mapped[datetime | None]
    #: When we were told so, where that was later than the parcel itself.
    handed_over_at: Mapped[datetime | None]
    #: The carrier's own first scan, never a person's word.
    first_scan_at: Mapped[datetime | None]
    #: The newest event of the carrier's.
    last_event_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    #: Who told that it arrived: one of ``app.fulfillment.rules.ARRIVAL_TOLD_BY``.
    arrival_told_by: Mapped[str | None]
    estimated_from: Mapped[date | None]
    estimated_to: Mapped[date | None]
    #: Where nobody reports its way: after which day it counts as arrived, so that its supplier is paid, unless somebody
    #: complains; and when that was.
    assumed_on: Mapped[date | None]
    assumed_at: Mapped[datetime | None]
    #: Between which days the carrier itself says that it delivers.
    carrier_from: Mapped[date | None]
    carrier_to: Mapped[date | None]
    #: When whoever knows is asked next where it is; None when nothing more is to be learned.
    next_poll_at: Mapped[datetime | None]
    #: Who tells us where it is, where that is not the carrier itself: ``label``, the gateway that sold its label;
    #: ``tracker``, one that follows it though its label is from elsewhere.
    reported_by: Mapped[str | None]
    #: That gateway's own name of what it follows it by.
    tracker_ref: Mapped[str | None]
    #: The store's id of the fulfilment once tracking has reached it, and what was last told.
    external_fulfillment_id: Mapped[str | None]
    store_told_at: Mapped[datetime | None]
    store_told_delivered_at: Mapped[datetime | None]
    store_error: Mapped[str | None]
    #: How often it was corrected, and how often its units were.
    revision: Mapped[int] = mapped_column(server_default="0")
    units_revision: Mapped[int] = mapped_column(server_default="0")
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str | None]
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


class StoreFulfillment(Base):
    """What a store was told of a parcel: one row for each of the store's locations that the parcel's lines belong to.
    It is brought in line with the parcel whenever that changes."""

    __tablename__ = "store_fulfillments"
    __tenancy__ = parties()
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "shipment_id"],
            ["shipments.retailer_id", "shipments.supplier_id", "shipments.id"],
        ),
    )

    shipment_id: Mapped[UUID] = mapped_column(primary_key=True)
    #: The store's id of the location.
    location_ref: Mapped[str] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    fulfillment_order_ref: Mapped[str]
    #: The store's id of the fulfilment; None when it has none, or it was taken back.
    external_id: Mapped[str | None]
    #: The store's line id → units, as they were told.
    lines: Mapped[dict[str, Any]]
    #: The number that the store was asked to take; noted before it is asked, so that a lost answer is looked for.
    tried_number: Mapped[str]
    #: The number that the shopper was written to about, and which ``revision`` of the parcel the store holds.
    told_number: Mapped[str | None]
    #: False: another parcel of the order left a little earlier, and the store's letter about that one is enough.
    tells_shopper: Mapped[bool] = mapped_column(server_default=true())
    told_revision: Mapped[int] = mapped_column(server_default="0")
    told_delivered_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class ShipmentException(Base):
    """Something about a parcel, or about one that should have left, that somebody must look at: ``kind`` is one of
    ``app.fulfillment.rules.EXCEPTION_KINDS``. The same thing since the same moment is one row, so it is told once."""

    __tablename__ = "shipment_exceptions"
    __tenancy__ = parties()
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
        UniqueConstraint("purchase_order_id", "shipment_id", "kind", "since", postgresql_nulls_not_distinct=True),
        Index("ix_shipment_exceptions_open", "retailer_id", "kind", postgresql_where=text("state = 'open'")),
        Index(
            "ix_shipment_exceptions_claimed",
            "answer_by",
            postgresql_where=text("state = 'open' and answer_by is not null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    order_id: Mapped[UUID]
    purchase_order_id: Mapped[UUID]
    shipment_id: Mapped[UUID | None] = mapped_column(ForeignKey("shipments.id"))
    kind: Mapped[str]
    #: What it is counted from: the promised day, the label, the last scan.
    since: Mapped[datetime]
    #: ``open`` or ``resolved``.
    state: Mapped[str]
    #: How it ended: one of ``app.fulfillment.rules.RESOLUTIONS``.
    resolution: Mapped[str | None]
    #: The supplier's new day, where it said that it is on its way.
    expected_on: Mapped[date | None]
    #: What the retailer wants (``refund`` or ``reship``), and by when the supplier must have answered.
    claimed: Mapped[str | None]
    answer_by: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(server_default="")
    found_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    #: An actor of ``app.db.Scope``; the job's name where it ended by itself.
    resolved_by: Mapped[str | None]


class LabelAccount(Base):
    """An organisation's account at a gateway that sells postage: a supplier's, or a retailer's for labels with which
    its customers send things back. It pays for its labels itself. Keys are sealed."""

    __tablename__ = "label_accounts"
    __tenancy__ = own("supplier_id")

    #: The column is called as it was when only suppliers bought postage.
    owner_id: Mapped[UUID] = mapped_column("supplier_id", ForeignKey("organisations.id"), primary_key=True)
    gateway: Mapped[str]
    api_key: Mapped[bytes]
    #: What the gateway signs its hooks with; None: it sends none.
    hook_secret: Mapped[bytes | None]
    #: ``PDF`` or ``ZPL``.
    form: Mapped[str] = mapped_column(server_default="PDF")
    updated_at: Mapped[datetime]


class PackageSize(Base):
    """A box that somebody packs into: its sides in millimetres, its own weight in grams."""

    __tablename__ = "package_sizes"
    __tenancy__ = own("supplier_id")
    __table_args__ = (
        UniqueConstraint("supplier_id", "name"),
        CheckConstraint("length_mm > 0 and width_mm > 0 and height_mm > 0 and grams >= 0", name="sizes_positive"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: Called as that of accounts.
    owner_id: Mapped[UUID] = mapped_column("supplier_id", ForeignKey("organisations.id"))
    name: Mapped[str]
    length_mm: Mapped[int]
    width_mm: Mapped[int]
    height_mm: Mapped[int]
    grams: Mapped[int]
    updated_at: Mapped[datetime]


class Postage:
    """What all labels have that are bought at a gateway: QUOTED → BUYING → BOUGHT → VOIDING → VOIDED. While BUYING the
    gateway was asked and its answer is not known; it is asked what it did, never again to buy."""

    #: What its table calls the organisation that bought it.
    OWNER: ClassVar[str]

    @declared_attr
    def owner_id(self) -> Mapped[UUID]:
        """Whose it is."""
        return synonym(self.OWNER)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    gateway: Mapped[str]
    state: Mapped[str]
    #: The gateway's reference of the parcel, and its offers as ``app.fulfillment.service.buying`` writes them.
    gateway_ref: Mapped[str]
    offers: Mapped[list[dict[str, Any]]]
    offer_ref: Mapped[str | None]
    grams: Mapped[int]
    carrier: Mapped[str | None]
    service: Mapped[str | None]
    amount: Mapped[int | None] = mapped_column(BIG)
    currency: Mapped[str | None]
    tracking_number: Mapped[str | None]
    tracking_url: Mapped[str | None]
    #: One of ``app.fulfillment.labels.REFUND_STATES`` once it was given back.
    refund_state: Mapped[str | None]
    failure: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ShippingLabel(Postage, Base):
    """Postage for one parcel of a purchase order. The supplier's alone: what its postage costs is nobody else's
    business."""

    OWNER = "supplier_id"

    __tablename__ = "shipping_labels"
    __tenancy__ = own("supplier_id")
    __table_args__ = (
        Index(None, "purchase_order_id"),
        Index("ix_shipping_labels_unsure", "updated_at", postgresql_where=text("state in ('BUYING', 'VOIDING')")),
        Index(None, "supplier_id", "tracking_number"),
    )

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    purchase_order_id: Mapped[UUID]
    #: The parcel that left with it.
    shipment_id: Mapped[UUID | None]
    #: Purchase order line → units.
    lines: Mapped[dict[str, Any]]
    #: The label itself, sealed: the shopper's address is on it.
    content: Mapped[bytes | None]
    media_type: Mapped[str | None]
