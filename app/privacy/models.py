"""Tables of privacy requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, own


class PrivacyRequest(Base):
    """A request to hand over or erase a shopper's or a shop's data, with the day by which it must be done."""

    __tablename__ = "privacy_requests"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        UniqueConstraint("retailer_id", "external_id"),
        Index(None, "due_at", postgresql_where=text("done_at is null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    store_id: Mapped[UUID | None]
    #: ``customer_data``, ``customer_redact`` or ``shop_redact``.
    kind: Mapped[str]
    external_id: Mapped[str]
    #: The store's ids of the orders it concerns.
    order_refs: Mapped[list[str]]
    details: Mapped[dict[str, Any]]
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    result: Mapped[str | None]
