"""Tables of papers: how a retailer presents itself on them, and which were printed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import SHARED, Base, parties


class Brand(Base):
    """A retailer's name, logo and words for its shoppers. Shared, since every parcel and tracking page shows it."""

    __tablename__ = "brands"
    __tenancy__ = SHARED

    retailer_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    name: Mapped[str]
    #: ``#rrggbb``.
    colour: Mapped[str]
    #: A PNG of at most 800 × 240 pixels, and its hash.
    logo: Mapped[bytes | None]
    logo_sha256: Mapped[str | None]
    #: What stands below the lines of a packing slip.
    message: Mapped[str]
    #: Where shoppers ask: an e-mail address, a telephone number, a web page; empty where there is none.
    email: Mapped[str]
    phone: Mapped[str]
    website: Mapped[str]
    #: The language of papers; empty: that of the country the parcel goes to.
    language: Mapped[str]
    updated_at: Mapped[datetime]


class PrintedPaper(Base):
    """A supplier says that a paper lies in the parcel."""

    __tablename__ = "printed_papers"
    __tenancy__ = parties()
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
    )

    purchase_order_id: Mapped[UUID] = mapped_column(primary_key=True)
    #: One of ``app.documents.papers.KINDS``.
    kind: Mapped[str] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    printed_at: Mapped[datetime]
    printed_by: Mapped[str]
