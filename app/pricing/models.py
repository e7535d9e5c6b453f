"""Tables of price rules."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import SHARED, Base, own


class PriceRule(Base):
    """cost × (1 + markup), rounded, never below cost. Each change raises ``version``."""

    __tablename__ = "price_rules"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        UniqueConstraint("retailer_id", "id"),
        CheckConstraint("markup_bps between 0 and 1000000", name="markup_range"),
        Index("uq_price_rules_default", "retailer_id", unique=True, postgresql_where=text("is_default")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str]
    markup_bps: Mapped[int]
    #: ``none`` or ``to_99`` (up to the next price that ends in .99).
    rounding: Mapped[str]
    is_default: Mapped[bool]
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[datetime]


class ExchangeRate(Base):
    """A dated rate: one unit of ``base`` is ``rate`` units of ``quote``."""

    __tablename__ = "exchange_rates"
    __tenancy__ = SHARED

    base: Mapped[str] = mapped_column(primary_key=True)
    quote: Mapped[str] = mapped_column(primary_key=True)
    as_of: Mapped[datetime] = mapped_column(primary_key=True)
    rate: Mapped[Decimal] = mapped_column(Numeric(20, 10))
    source: Mapped[str]
