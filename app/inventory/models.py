"""Tables of inventory."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import SHARED, Base, own, parties


class StockLocation(Base):
    """Where a supplier keeps goods."""

    __tablename__ = "stock_locations"
    __tenancy__ = SHARED
    __table_args__ = (UniqueConstraint("supplier_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    code: Mapped[str]
    name: Mapped[str]
    country: Mapped[str]
    is_default: Mapped[bool]


class InventoryLevel(Base):
    """Stock of one variant at one location.

    ``on_hand`` counts every unit there, those set aside included. A supplier's figure says what is free after
    the orders it knew of at ``as_of``; what it already subtracted is added back when the figure is taken over,
    so that ``on_hand - reserved`` never subtracts an order twice. The sum of open reservations equals
    ``reserved`` in every row.
    """

    __tablename__ = "inventory_levels"
    __tenancy__ = SHARED
    __table_args__ = (
        # Of its supplier as its variant is: both, and the location, are looked up by a trigger (``refers``).
        UniqueConstraint("variant_id", "location_id"),
        CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
        CheckConstraint("reserved >= 0", name="reserved_not_negative"),
        Index(None, "supplier_id"),
        # Figures are written often: half of a page is left for that, so that indexes need not be.
        {"postgresql_with": {"fillfactor": "50"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID]
    variant_id: Mapped[UUID]
    location_id: Mapped[UUID]
    on_hand: Mapped[int]
    reserved: Mapped[int] = mapped_column(server_default="0")
    #: The moment for which the supplier's newest figure holds, unless its origin has confirmed it since.
    as_of: Mapped[datetime]
    updated_at: Mapped[datetime]
    #: The origin whose files confirm it together with others (``StockConfirmation``), if any.
    confirmed_by: Mapped[UUID | None]


class StockConfirmation(Base):
    """All levels that an origin of figures confirms together (``InventoryLevel.confirmed_by``) hold for ``as_of``, or
    for their own time where that is later: nearly all of a large file says what stands, and is noted by one row."""

    __tablename__ = "stock_confirmations"
    __tenancy__ = SHARED

    #: A source of files, or the supplier itself for those that its people upload.
    origin_id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    as_of: Mapped[datetime]


class StockDefaults(Base):
    """What a supplier chose for all its variants that have no ``StockRule`` of their own for it."""

    __tablename__ = "stock_defaults"
    __tenancy__ = SHARED
    __table_args__ = (CheckConstraint("safety_stock >= 0", name="safety_stock_not_negative"),)

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"), primary_key=True)
    #: Units of each variant that are never sold.
    safety_stock: Mapped[int]
    #: A variant is low when so many units are free, or fewer; None: nobody is told.
    low_stock_at: Mapped[int | None]
    updated_at: Mapped[datetime]


class StockRule(Base):
    """What a supplier chose for one variant; None: as for all."""

    __tablename__ = "stock_rules"
    __tenancy__ = SHARED
    __table_args__ = (CheckConstraint("safety_stock >= 0", name="safety_stock_not_negative"),)

    variant_id: Mapped[UUID] = mapped_column(ForeignKey("supplier_variants.id"), primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    safety_stock: Mapped[int | None]
    low_stock_at: Mapped[int | None]
    updated_at: Mapped[datetime]


class LowStock(Base):
    """A variant that is low. The row goes when more is free again, and with the next time it is told of anew."""

    __tablename__ = "low_stock"
    __tenancy__ = SHARED
    __table_args__ = (
        Index(None, "supplier_id"),
        Index("ix_low_stock_untold", "supplier_id", postgresql_where=text("told_at is null")),
    )

    variant_id: Mapped[UUID] = mapped_column(ForeignKey("supplier_variants.id"), primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    since: Mapped[datetime]
    #: When the supplier was told.
    told_at: Mapped[datetime | None]


class Reservation(Base):
    """Units set aside for an order line: HELD until paid, COMMITTED until shipped, then CONSUMED; or RELEASED
    (cancelled, rejected) or EXPIRED (not paid in time)."""

    __tablename__ = "reservations"
    __tenancy__ = parties()
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("consumed >= 0 and released >= 0 and consumed + released <= quantity", name="counts_within"),
        Index(None, "level_id", postgresql_where=text("state in ('HELD', 'COMMITTED')")),
        Index(None, "order_line_id"),
        Index(None, "expires_at", postgresql_where=text("state = 'HELD'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    level_id: Mapped[UUID] = mapped_column(ForeignKey("inventory_levels.id"))
    variant_id: Mapped[UUID]
    order_line_id: Mapped[UUID]
    #: Units set aside; how many of them have left the house, and how many were let go.
    quantity: Mapped[int]
    consumed: Mapped[int] = mapped_column(server_default="0")
    released: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[str]
    #: When the supplier was told; its figures from then on hold this order already.
    told_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class StockMovement(Base):
    """One change of a level, with what it left behind."""

    __tablename__ = "stock_movements"
    __tenancy__ = parties(append_only=True)
    __table_args__ = (Index(None, "level_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    level_id: Mapped[UUID]
    variant_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    #: The retailer whose order moved it, if an order did.
    retailer_id: Mapped[UUID | None]
    #: ``set``, ``reserve``, ``release``, ``write_off``, ``consume`` or ``unship``.
    kind: Mapped[str]
    on_hand_change: Mapped[int]
    reserved_change: Mapped[int]
    #: Why: ``order_line:<id>``, ``purchase_order:<id>``, ``order:<id>``, ``feed_run:<id>``, ``return:<id>``,
    #: or who said it (an actor of
    #: ``app.db.Scope``); ``figure`` of older ones.
    reference: Mapped[str]
    at: Mapped[datetime]


class Shortfall(Base):
    """A supplier's own figure fell below what was already promised to orders it had not yet counted."""

    __tablename__ = "shortfalls"
    __tenancy__ = own("supplier_id")
    __table_args__ = (Index(None, "supplier_id", postgresql_where=text("resolved_at is null")),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID]
    level_id: Mapped[UUID] = mapped_column(ForeignKey("inventory_levels.id"))
    variant_id: Mapped[UUID]
    missing: Mapped[int]
    order_line_ids: Mapped[list[str]]
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
