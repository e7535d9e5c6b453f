"""Tables of feeds: where files come from, how their columns are read, and each file's run."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import BIG, Base, own


class FeedRun(Base):
    """One file on its way into the catalogue: CHECKING → READY → APPLYING → APPLIED, or FAILED or DISCARDED. A file of
    a source whose columns nobody has confirmed waits in NEEDS_MAPPING; one that differs too much from what stands
    waits in QUARANTINED. CANCELLED was stopped while it was taken over; it and APPLIED can be undone: ROLLING_BACK →
    ROLLED_BACK."""

    __tablename__ = "feed_runs"
    __tenancy__ = own("supplier_id")
    __table_args__ = (
        UniqueConstraint("supplier_id", "id"),
        Index(None, "supplier_id", "created_at"),
        Index("ix_feed_runs_source", "source_id", "id", postgresql_where=text("source_id is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    file_name: Mapped[str]
    #: Where the file's bytes are kept.
    file_key: Mapped[str]
    sha256: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BIG)
    #: ``full``: products with all that the file says. ``stock_price``: figures and wholesale prices of known SKUs.
    kind: Mapped[str] = mapped_column(server_default="full")
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
    #: When it was stopped while it was taken over, and when it was undone.
    cancelled_at: Mapped[datetime | None]
    rolled_back_at: Mapped[datetime | None]
    #: Where it came from by itself; None for an upload.
    source_id: Mapped[UUID | None]


class FeedSource(Base):
    """Where a supplier's file comes from by itself: fetched on a schedule, or pushed."""

    __tablename__ = "feed_sources"
    __tenancy__ = own("supplier_id")
    __table_args__ = (
        UniqueConstraint("supplier_id", "id"),
        Index("ix_feed_sources_due", "next_run_at", postgresql_where=text("next_run_at is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    name: Mapped[str]
    #: A transport's name, or ``push``.
    kind: Mapped[str]
    address: Mapped[str]
    #: How to sign in (``app.feeds.source.Access`` as JSON), sealed.
    access: Mapped[bytes | None]
    #: ``full``: the whole catalogue. ``stock_price``: figures and prices of known products.
    content: Mapped[str]
    #: Minutes between two fetches; 0 for what is pushed.
    every_minutes: Mapped[int]
    paused: Mapped[bool] = mapped_column(server_default="false")
    #: What the transport wants to be told next time: ETag, newest file, host key. No secrets.
    marks: Mapped[dict[str, str]] = mapped_column(server_default=text("'{}'"))
    #: Of the file that was taken last.
    sha256: Mapped[str | None]
    #: Empty while paused, removed or pushed.
    next_run_at: Mapped[datetime | None]
    #: ``new``, ``ok``, ``unchanged`` or ``failed``: how the last fetch went.
    state: Mapped[str]
    fetched_at: Mapped[datetime | None]
    last_run_id: Mapped[UUID | None]
    #: What is wrong, in words for the supplier.
    error: Mapped[str | None]
    #: Failed fetches in a row.
    failures: Mapped[int] = mapped_column(server_default="0")
    #: When the supplier was told of the present trouble.
    told_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class FeedLimits(Base):
    """How much a file may differ from what stands before it is held, where a supplier chose other
    limits than the usual ones; see ``app.feeds.rules.guard.GuardLimits``."""

    __tablename__ = "feed_limits"
    __tenancy__ = own("supplier_id")

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"), primary_key=True)
    fewer_rows: Mapped[int]
    to_zero: Mapped[int]
    rejected: Mapped[int]
    other_currency: Mapped[int]
    median_price: Mapped[int]
    moved_prices: Mapped[int] = mapped_column(server_default="20")
    moved_by: Mapped[int] = mapped_column(server_default="25")
    price_factor: Mapped[int]
    weights: Mapped[int]
    updated_at: Mapped[datetime]


class FeedMissingPolicy(Base):
    """What becomes of SKUs that full files no longer name, where a supplier chose it; see
    ``app.feeds.rules.missing.MissingPolicy``."""

    __tablename__ = "feed_missing_policies"
    __tenancy__ = own("supplier_id")

    #: A source, or the supplier itself for the files that its people upload.
    origin_id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    policy: Mapped[str]
    after_files: Mapped[int]
    after_days: Mapped[int]
    updated_at: Mapped[datetime]


class FeedBrought(Base):
    """A variant that full files of one origin brought, and since when they no longer name it. There may be hundreds of
    thousands, so no foreign key leads to the variant, the supplier or the runs, none of which is ever removed."""

    __tablename__ = "feed_brought"
    __tenancy__ = own("supplier_id")
    __table_args__ = (
        Index(
            "ix_feed_brought_missing",
            "origin_id",
            "variant_id",
            postgresql_where=text("missing_run_id is not null and settled is null"),
        ),
    )

    #: A source, or the supplier itself for the files that its people upload.
    origin_id: Mapped[UUID] = mapped_column(primary_key=True)
    variant_id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID]
    #: The run that named it first.
    first_run_id: Mapped[UUID]
    #: The first of the runs that do not name it, and when that file came; none while it is named.
    missing_run_id: Mapped[UUID | None]
    missing_since: Mapped[datetime | None]
    #: What became of it (``zero`` or ``end``), and by which run.
    settled: Mapped[str | None]
    settled_run_id: Mapped[UUID | None]


class FeedFetch(Base):
    """One look at a source: what came of it."""

    __tablename__ = "feed_fetches"
    __tenancy__ = own("supplier_id")
    __table_args__ = (
        ForeignKeyConstraint(["supplier_id", "source_id"], ["feed_sources.supplier_id", "feed_sources.id"]),
        Index(None, "source_id", "id"),
        Index(None, "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID]
    source_id: Mapped[UUID]
    at: Mapped[datetime]
    #: ``taken``, ``unchanged``, ``failed`` or ``tested``.
    outcome: Mapped[str]
    file_name: Mapped[str] = mapped_column(server_default="")
    size_bytes: Mapped[int] = mapped_column(BIG, server_default="0")
    run_id: Mapped[UUID | None]
    #: What is wrong, in words for the supplier.
    message: Mapped[str] = mapped_column(server_default="")
    #: Of a test: the columns and first rows of the file.
    sample: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))


class FeedMapping(Base):
    """What a person confirmed of a file's columns; later files with the same header are read so without asking.
    Never changed: another confirmation is another version."""

    __tablename__ = "feed_mappings"
    __tenancy__ = own("supplier_id", append_only=True)
    __table_args__ = (
        UniqueConstraint("supplier_id", "source_id", "version", postgresql_nulls_not_distinct=True),
        ForeignKeyConstraint(["supplier_id", "source_id"], ["feed_sources.supplier_id", "feed_sources.id"]),
        Index(None, "supplier_id", "header"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID]
    #: None: for files that people upload.
    source_id: Mapped[UUID | None]
    version: Mapped[int]
    #: The columns' names, whatever their order and letter case, as one hash.
    header: Mapped[str]
    columns: Mapped[list[str]]
    #: Column of the file → field of ours.
    mapping: Mapped[dict[str, str]]
    #: What values mean (``app.feeds.rules.choices.Choices``).
    choices: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class FeedRow(Base):
    """One record of a file, read and compared: what it would do, or why it is rejected. No foreign key leads to its
    run: looking at the same one again for each of a million rows took a fifth of the time of keeping them."""

    __tablename__ = "feed_rows"
    __tenancy__ = own("supplier_id")
    __table_args__ = (
        # Of what people look for. Nearly all of a file is new, or unchanged: these are found in the file's own order.
        Index(
            "ix_feed_rows_told",
            "run_id",
            "action",
            "row",
            postgresql_where=text("action <> 'new' and action <> 'unchanged'"),
        ),
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
    #: It says what the last file said of it, stock apart: the record holds no more than its title, cost, weight and
    #: stock, and taking it over sets its stock alone.
    same: Mapped[bool] = mapped_column(server_default="false")
    #: Of its product as the file has it; empty: none (``app.feeds.rules.marks``).
    mark: Mapped[str] = mapped_column(server_default="")


class FeedSame(Base):
    """Rows of a run that say what the last file said and whose stock stands as they have it: nothing of them is kept
    but their place, for the catalogue holds the rest. All of them are ``unchanged``."""

    __tablename__ = "feed_same"
    __tenancy__ = own("supplier_id")

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_row: Mapped[int]
    supplier_id: Mapped[UUID]
    #: How many products they tell of.
    products: Mapped[int]
    #: Of each row, in order: its number in the file, the variant, and the units that it tells of, if any.
    row_numbers: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    variants: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    stocks: Mapped[list[int | None]] = mapped_column(ARRAY(Integer))
    #: How many of them tell of units above zero, and of a weight.
    had_stock: Mapped[int]
    weighed: Mapped[int]


class FeedNew(Base):
    """Rows of a run that tell, without a complaint, of products of which nothing was known when the file was checked,
    each one's rows standing together: a thousand products or so, as columns, because they are written, read and taken
    over so at a fraction of what a row each costs. All of them are ``new``. What is not as usual with them (another row
    of the file tells of one of the products, or an SKU came into being since) makes rows of them after all
    (``app.feeds.service.new_rows``)."""

    __tablename__ = "feed_new"
    __tenancy__ = own("supplier_id")

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    first_row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_row: Mapped[int]
    supplier_id: Mapped[UUID]
    #: Of each row, in order: its number in the file, the place of its product among the block's, counted from 1, and
    #: what it says, as ``FeedRow.record`` has it; options and steps of the wholesale price as JSON.
    row_numbers: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    products: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    skus: Mapped[list[str]] = mapped_column(ARRAY(Text))
    options: Mapped[list[str]] = mapped_column(ARRAY(Text))
    costs: Mapped[list[int]] = mapped_column(ARRAY(BIG))
    msrps: Mapped[list[int | None]] = mapped_column(ARRAY(BIG))
    maps: Mapped[list[int | None]] = mapped_column(ARRAY(BIG))
    tiers: Mapped[list[str | None]] = mapped_column(ARRAY(Text))
    gtins: Mapped[list[str | None]] = mapped_column(ARRAY(Text))
    weights: Mapped[list[int | None]] = mapped_column(ARRAY(Integer))
    stocks: Mapped[list[int | None]] = mapped_column(ARRAY(Integer))
    #: Of each product: what all of its rows say alike, the pictures of all (JSON, as are tags), the names of its
    #: options (JSON), whether these do not tell its variants apart, and its mark (``app.feeds.rules.marks``).
    handles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    titles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    descriptions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    brands: Mapped[list[str]] = mapped_column(ARRAY(Text))
    categories: Mapped[list[str]] = mapped_column(ARRAY(Text))
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    statuses: Mapped[list[str]] = mapped_column(ARRAY(Text))
    images: Mapped[list[str]] = mapped_column(ARRAY(Text))
    option_names: Mapped[list[str]] = mapped_column(ARRAY(Text))
    alike: Mapped[list[bool]] = mapped_column(ARRAY(Boolean))
    marks: Mapped[list[str]] = mapped_column(ARRAY(Text))


class FeedMark(Base):
    """What a product's rows were when it was taken over from them, so that the same rows need not be understood again.
    It holds while the product and its variants are as they were, and means nothing without them."""

    __tablename__ = "feed_marks"
    __tenancy__ = own("supplier_id")

    supplier_id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(primary_key=True)
    #: See ``app.feeds.rules.marks``.
    mark: Mapped[str]
    #: When the product was changed last.
    product_changed: Mapped[datetime]
    #: How many variants it had, and the sum of the times, in seconds since 1970, when they were changed last.
    variants: Mapped[int]
    variants_changed: Mapped[Decimal] = mapped_column(Numeric)


class FeedRunChange(Base):
    """What taking a run over did to one product, variant or stock level, written in the transaction that did it, so
    that it can be undone exactly. What stayed as it was has no row.

    ``product`` and ``variant``: ``before`` and ``after`` hold the columns of ``supplier_products`` and
    ``supplier_variants`` that changed, under their names there, with values as those columns keep them (``search_text``
    and a variant's ``product_id`` and ``position`` included). Writing ``before`` back, then working the products'
    ranges of prices out again, undoes them. Not kept: ``updated_at``, and the ranges. A product may also have
    ``pictures``: those that came with files (never those that people sent), in order, each with its ``url``, ``alt``
    and ``alt_owned``.

    ``created``: there was no such thing before, and ``before`` is empty. A product that was created has
    ``{"variants": [ids]}`` after it, the variants created with it; these, and the stock levels of all variants that
    were created, have no rows of their own. A variant that moved to a created product has a row of its own. Undoing
    ends what was created, for orders may name it by then.

    ``stock``: ``target_id`` is the level's (``inventory_levels.id``). ``before`` and ``after`` hold its ``on_hand`` and
    ``as_of``; ``after`` also ``quantity``, the file's figure. Reservations and parcels move ``on_hand`` between a run
    and its undoing, so the difference of the two is what is taken back. A level that had no figure before has 0 at the
    beginning of 1970. A figure that was only confirmed, with the same number at a later time, has no row.

    ``choice``: ``target_id`` is a variant's; what was chosen for it (``safety_stock``, ``low_stock_at``).

    No foreign key leads to its run, as of rows: batches of one run that are taken over at once would each hold it."""

    __tablename__ = "feed_run_changes"
    __tenancy__ = own("supplier_id")

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    #: ``product``, ``variant``, ``stock`` or ``choice``.
    kind: Mapped[str] = mapped_column(primary_key=True)
    target_id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID]
    created: Mapped[bool] = mapped_column(server_default="false")
    before: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    after: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    #: What undoing came to: ``back``, the columns that are as before again, and ``left``, those that somebody had
    #: changed since, with what they were then. None: not undone.
    undone: Mapped[dict[str, Any] | None]
