"""Tables of suppliers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import BIG, SHARED, Base, own


class Supplier(Base):
    """A supplier's public profile and terms. Its id is its organisation's."""

    __tablename__ = "suppliers"
    __tenancy__ = SHARED
    __table_args__ = (
        Index(
            "ix_suppliers_search",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    company_name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    logo_url: Mapped[str | None]
    website: Mapped[str | None]
    #: ``manufacturer``, ``distributor`` or ``wholesaler``.
    business_type: Mapped[str]
    country: Mapped[str]
    currency: Mapped[str]
    timezone: Mapped[str]
    #: One of the states in ``app.suppliers.rules``.
    status: Mapped[str]
    #: Working days from the purchase order to the parcel leaving.
    handling_days: Mapped[int]
    #: The hour of the supplier's day after which an order counts for the next day; None: it counts whenever it comes.
    cutoff_hour: Mapped[int | None]
    shipping_methods: Mapped[list[str]]
    min_order_value: Mapped[int] = mapped_column(BIG, server_default="0")
    #: Basis points of the goods' value that the platform keeps; None: the platform's default.
    commission_bps: Mapped[int | None]
    #: Average of retailers' ratings, 0 to 5; None until there is one.
    rating: Mapped[Decimal | None] = mapped_column(Numeric(3, 2))
    search_text: Mapped[str]
    updated_at: Mapped[datetime]


class SupplierApplication(Base):
    """What a supplier told us when it applied, and what we decided. Contact data is sealed."""

    __tablename__ = "supplier_applications"
    __tenancy__ = own("supplier_id")

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    contact: Mapped[bytes]
    registration_number: Mapped[str]
    tax_id: Mapped[str]
    catalogue_size: Mapped[str]
    note: Mapped[str]
    submitted_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decision_note: Mapped[str | None]


class SupplierStatusChange(Base):
    """History of a supplier's status: who moved it, when and why."""

    __tablename__ = "supplier_status_changes"
    __tenancy__ = own("supplier_id", append_only=True)
    __table_args__ = (Index(None, "supplier_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID]
    from_status: Mapped[str]
    to_status: Mapped[str]
    actor: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class ShippingRate(Base):
    """What a supplier asks for sending a parcel to a group of countries."""

    __tablename__ = "shipping_rates"
    __tenancy__ = SHARED
    __table_args__ = (UniqueConstraint("supplier_id", "name"), Index(None, "supplier_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    name: Mapped[str]
    #: ISO country codes; ``*`` stands for all others.
    countries: Mapped[list[str]]
    #: Minor units for the first unit, and for each one more.
    first_item: Mapped[int] = mapped_column(BIG)
    next_item: Mapped[int] = mapped_column(BIG)
    transit_days_min: Mapped[int]
    transit_days_max: Mapped[int]
    #: ``standard``, ``express`` or ``freight``.
    method: Mapped[str] = mapped_column(server_default="standard")
    #: What the price follows: ``item`` (the two amounts above), ``weight`` or ``value`` (the tiers).
    price_by: Mapped[str] = mapped_column(server_default="item")
    #: Ascending: ``up_to`` grams or minor units (null in the last: without end), and the ``price`` in minor units.
    tiers: Mapped[list[dict[str, Any]]] = mapped_column(server_default="[]")


class SupplierClosure(Base):
    """Days, the last one included, on which a supplier sends nothing; retailers see them with the note."""

    __tablename__ = "supplier_closures"
    __tenancy__ = SHARED
    __table_args__ = (Index(None, "supplier_id", "ends_on"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    note: Mapped[str]
    created_at: Mapped[datetime]
