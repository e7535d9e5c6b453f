"""Tables of feed runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import BIG, Base, own


class FeedRun(Base):
    """One file on its way into the catalogue: CHECKING → READY → APPLYING → APPLIED, or FAILED or DISCARDED."""

    __tablename__ = "feed_runs"
    __tenancy__ = own("supplier_id")
    __table_args__ = (UniqueConstraint("supplier_id", "id"), Index(None, "supplier_id", "created_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    file_name: Mapped[str]
    #: Where the file's bytes are kept.
    file_key: Mapped[str]
    sha256: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BIG)
    #: The adapter that reads it, for example ``csv``.
    feed: Mapped[str]
    #: What was recognised: encoding, separator, header row, shape (template, shopify, woocommerce).
    detected: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    #: Column of the file → field of ours.
    mapping: Mapped[dict[str, str]] = mapped_column(server_default=text("'{}'"))
    state: Mapped[str]
    #: rows, products, new, changed, unchanged, rejected, warnings.
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    error: Mapped[str | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]


class FeedRow(Base):
    """One record of a file, read and compared: what it would do, or why it is rejected."""

    __tablename__ = "feed_rows"
    __tenancy__ = own("supplier_id")
    __table_args__ = (
        ForeignKeyConstraint(["supplier_id", "run_id"], ["feed_runs.supplier_id", "feed_runs.id"]),
        Index(None, "run_id", "action", "row"),
    )

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    #: The row in the file, counted from 1 with the header.
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    supplier_id: Mapped[UUID]
    handle: Mapped[str]
    sku: Mapped[str]
    #: ``new``, ``changed``, ``unchanged``, ``rejected`` or ``merged`` (into another row's record).
    action: Mapped[str]
    #: The record in our terms (``app.feeds.feed.FeedRecord``).
    record: Mapped[dict[str, Any]]
    #: Field → [old, new] for a change.
    changes: Mapped[dict[str, Any]]
    #: Field, code and message of each error or warning.
    problems: Mapped[list[dict[str, Any]]]
