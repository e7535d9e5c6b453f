"""Tables of orders."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Sequence,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import BIG, Base, own, parties
from app.orders.rules import HoldReason

#: Order numbers are short and unique over the whole platform, so that a supplier never sees one twice.
ORDER_NUMBERS = Sequence("order_numbers", start=1001, metadata=Base.metadata)


class Order(Base):
    """What one shopper bought. Name, address, phone and e-mail are sealed in ``ship_to``."""

    __tablename__ = "orders"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        UniqueConstraint("retailer_id", "id"),
        UniqueConstraint("retailer_id", "store_id", "external_id", postgresql_nulls_not_distinct=True),
        ForeignKeyConstraint(["retailer_id", "supplements"], ["orders.retailer_id", "orders.id"]),
        Index(
            "ix_orders_address_key",
            "retailer_id",
            "address_key",
            "created_at",
            postgresql_where=text("address_key is not null"),
        ),
        Index(
            "ix_orders_customer_key",
            "retailer_id",
            "customer_key",
            "created_at",
            postgresql_where=text("customer_key is not null"),
        ),
        Index("ix_orders_supplements", "supplements", postgresql_where=text("supplements is not null")),
        Index(None, "retailer_id", "created_at", "id"),
        Index(None, "retailer_id", "updated_at", "id"),
        Index("ix_orders_withdrawn", "retailer_id", postgresql_where=text("unpaid = 'withdrawn'")),
        Index("ix_orders_open_holds", "retailer_id", postgresql_where=text("status = 'ON_HOLD'")),
        {"postgresql_with": {"fillfactor": "85"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    store_id: Mapped[UUID | None]
    number: Mapped[int] = mapped_column(BigInteger, ORDER_NUMBERS, server_default=ORDER_NUMBERS.next_value())
    #: The store's id of the order, or the integrator's own.
    external_id: Mapped[str]
    #: What the store calls it, for example ``#1001``.
    external_name: Mapped[str]
    #: ``order``; ``manual``: the retailer entered it; ``sample``: goods that it ordered for itself, to look at.
    kind: Mapped[str] = mapped_column(server_default="order")
    #: Derived from its purchase orders and holds: ``app.orders.rules.order_status``.
    status: Mapped[str]
    #: What the shopper paid in.
    currency: Mapped[str]
    ship_to: Mapped[bytes | None]
    ship_to_country: Mapped[str]
    note: Mapped[str]
    #: A long random word: the shopper's tracking page is found by it.
    tracking_token: Mapped[str] = mapped_column(unique=True)
    placed_at: Mapped[datetime]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    #: When the shopper's data was redacted.
    redacted_at: Mapped[datetime | None]
    #: The order to which the store added these lines after it was placed.
    supplements: Mapped[UUID | None]
    #: How new the newest word of the store is that was followed, and the address in it, as a keyed hash.
    store_updated_at: Mapped[datetime | None]
    store_address: Mapped[bytes | None]
    #: How far its customer has paid where that is not all: one of ``app.stores.store_orders.AWAITED``; ``withdrawn``
    #: where it went on before it was paid, and that money is lost; ``lapsed`` where nothing will be paid for it any
    #: more.
    unpaid: Mapped[str | None]
    #: What its customer pays beside the prices of its lines: ``app.stores.store_orders.BesideGoods``; None where nobody
    #: said.
    beside_goods: Mapped[dict[str, Any] | None]
    #: When its customer was written to that it comes in several parcels.
    parcels_told_at: Mapped[datetime | None]
    #: Keyed hashes by which orders to one address, and of one customer, of the same retailer are known.
    address_key: Mapped[bytes | None]
    customer_key: Mapped[bytes | None]

    lines: Mapped[list[OrderLine]] = relationship(lazy="raise", order_by="OrderLine.position")
    holds: Mapped[list[OrderHold]] = relationship(lazy="raise", order_by="OrderHold.since")
    unlinked: Mapped[list[UnlinkedLine]] = relationship(lazy="raise", order_by="UnlinkedLine.position")

    @property
    def is_test(self) -> bool:
        """Whether nobody paid for it. Needs the holds to be loaded."""
        return any(hold.reason == HoldReason.TEST_ORDER for hold in self.holds)


class OrderLine(Base):
    """One line of an order that is ours to deliver."""

    __tablename__ = "order_lines"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        ForeignKeyConstraint(["retailer_id", "order_id"], ["orders.retailer_id", "orders.id"]),
        UniqueConstraint("order_id", "position"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("cancelled >= 0 and cancelled <= quantity", name="cancelled_within"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    position: Mapped[int]
    variant_id: Mapped[UUID]
    external_line_id: Mapped[str | None]
    title: Mapped[str]
    sku: Mapped[str]
    quantity: Mapped[int]
    cancelled: Mapped[int] = mapped_column(server_default="0")
    #: Units of the store's line, as it told last; None: as many as were ordered.
    store_quantity: Mapped[int | None]
    #: What the shopper paid for one unit after all discounts, in the order's currency.
    retail_price: Mapped[int | None] = mapped_column(BIG)


class UnlinkedLine(Base):
    """A line of a store's order that no supplier's variant was linked to when it came. While it is ``waiting`` it holds
    the order."""

    __tablename__ = "unlinked_lines"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        ForeignKeyConstraint(["retailer_id", "order_id"], ["orders.retailer_id", "orders.id"]),
        UniqueConstraint("order_id", "external_line_id"),
        Index("ix_unlinked_lines_waiting", "store_id", "link_key", postgresql_where=text("state = 'waiting'")),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    store_id: Mapped[UUID]
    position: Mapped[int]
    external_line_id: Mapped[str]
    external_product_id: Mapped[str | None]
    #: By what the store's article is known again; empty where nothing says what it is.
    link_key: Mapped[str]
    title: Mapped[str]
    sku: Mapped[str]
    quantity: Mapped[int]
    #: What the shopper paid for one unit after all discounts, in the order's currency.
    retail_price: Mapped[int | None] = mapped_column(BIG)
    #: Why it is asked about, of ``app.orders.rules.LINE_LOOKS``; empty for one that was left alone.
    why: Mapped[str]
    #: ``waiting``; ``linked``: a line of ours was made of it; ``not_ours``: its retailer said so; ``left`` alone;
    #: ``gone``: taken away in the store, or cancelled.
    state: Mapped[str]


class RetailerAddress(Base):
    """An address of a retailer's own, to which it orders samples."""

    __tablename__ = "retailer_addresses"
    __tenancy__ = own("retailer_id")

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    #: Sealed, as orders' addresses are.
    ship_to: Mapped[bytes]
    ship_to_country: Mapped[str]
    created_at: Mapped[datetime]


class StoreSender(Base):
    """Who stands on the parcels of a store's orders, in place of the supplier."""

    __tablename__ = "store_senders"
    __tenancy__ = own("retailer_id")
    __table_args__ = (ForeignKeyConstraint(["retailer_id", "store_id"], ["stores.retailer_id", "stores.id"]),)

    store_id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    #: Sealed: ``app.orders.senders.Sender``.
    sender: Mapped[bytes]
    updated_at: Mapped[datetime]


class OrderHold(Base):
    """Why an order waits. Several may be open; it goes on when the last is released."""

    __tablename__ = "order_holds"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        ForeignKeyConstraint(["retailer_id", "order_id"], ["orders.retailer_id", "orders.id"]),
        Index(
            "uq_order_holds_open",
            "order_id",
            "reason",
            unique=True,
            postgresql_where=text("released_at is null"),
        ),
        Index(None, "retailer_id", "since", postgresql_where=text("released_at is null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    #: One of ``app.orders.rules.HoldReason``.
    reason: Mapped[str]
    #: What the retailer can do about it, in a sentence.
    advice: Mapped[str]
    details: Mapped[dict[str, Any]]
    since: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None]


class TimelineEntry(Base):
    """One line of the story of an order, in words both sides can read. No personal data."""

    __tablename__ = "timeline_entries"
    __tenancy__ = parties(shown_when="purchase_order_id is not null", append_only=True)
    __table_args__ = (Index(None, "order_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    #: Set when the entry concerns one purchase order; its supplier reads it too.
    purchase_order_id: Mapped[UUID | None]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID | None]
    at: Mapped[datetime]
    actor: Mapped[str]
    #: ``order``, ``money``, ``stock``, ``supplier``, ``carrier``, ``store`` or ``message``.
    kind: Mapped[str]
    #: A message id of the catalogue of texts, and the values it takes.
    message: Mapped[str]
    values: Mapped[dict[str, Any]]
