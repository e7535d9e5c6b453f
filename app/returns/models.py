"""Tables of returns."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import BIG, Base, own, parties
from app.fulfillment.models import Postage
from app.returns.rules import REQUESTED


class Return(Base):
    """Goods of one purchase order coming back for one reason (an RMA). Its state is one of
    ``app.returns.rules.STATES``; the supplier's terms are frozen when it is asked for."""

    __tablename__ = "returns"
    __tenancy__ = parties()
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("retailer_id", "supplier_id", "id"),
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
        Index(None, "retailer_id", "id"),
        Index(None, "supplier_id", "id"),
        Index(None, "purchase_order_id"),
        Index("ix_returns_due", "due_at", postgresql_where=text("due_at is not null")),
        Index("ix_returns_tracker_ref", "tracker_ref", postgresql_where=text("tracker_ref is not null")),
        Index("ix_returns_next_poll_at", "next_poll_at", postgresql_where=text("next_poll_at is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: For people and parcels: ``R-1001-1``.
    number: Mapped[str]
    order_id: Mapped[UUID]
    purchase_order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    state: Mapped[str]
    #: One of ``app.returns.rules.REASONS``, and what was said about it.
    reason: Mapped[str]
    note: Mapped[str]
    #: The supplier's terms as they were: version 0 and no fee where it has none.
    policy_version: Mapped[int]
    restocking_bps: Mapped[int]
    payer: Mapped[str]
    #: By these terms the reason wants a photo; without one silence does not approve.
    photo_wanted: Mapped[bool] = mapped_column(server_default="false")
    #: An actor of ``app.db.Scope``.
    requested_by: Mapped[str]
    #: Why it was declined, or not accepted as it came.
    answer: Mapped[str]
    carrier: Mapped[str]
    tracking_number: Mapped[str]
    tracking_url: Mapped[str | None]
    #: Where the carrier has the parcel (``app.fulfillment.rules.DELIVERY_RANK``), and when it brought it.
    delivery_status: Mapped[str] = mapped_column(server_default="unknown")
    delivered_at: Mapped[datetime | None]
    #: When the carrier, or the gateway that sold the label or follows the parcel, is asked next; None: never.
    next_poll_at: Mapped[datetime | None]
    #: The name by which a gateway follows a parcel with a label from elsewhere.
    tracker_ref: Mapped[str | None]
    #: The money is owed without the goods coming back.
    goods_kept: Mapped[bool] = mapped_column(server_default="false")
    #: The order that sends the customer the same again.
    exchange_order_id: Mapped[UUID | None]
    #: When the state ends by itself; None where it waits for nobody.
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    lines: Mapped[list[ReturnLine]] = relationship(lazy="raise", order_by="ReturnLine.position")
    files: Mapped[list[ReturnFile]] = relationship(lazy="raise", order_by="ReturnFile.id")
    memo: Mapped[CreditMemo | None] = relationship(lazy="raise")

    @property
    def lacks_photo(self) -> bool:
        """Whether it was asked for without the photo that its terms want, so that silence declines it."""
        return self.state == REQUESTED and self.photo_wanted and all(one.kind != "evidence" for one in self.files)


class ReturnLine(Base):
    """Units of a purchase order's line in a return: asked for, received, and accepted; only accepted ones are
    credited."""

    __tablename__ = "return_lines"
    __tenancy__ = parties()
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "return_id"],
            ["returns.retailer_id", "returns.supplier_id", "returns.id"],
        ),
        UniqueConstraint("return_id", "purchase_order_line_id"),
        Index(None, "purchase_order_line_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("accepted >= 0 and accepted <= received and received <= quantity", name="counts_within"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    return_id: Mapped[UUID]
    purchase_order_line_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order_lines.id"))
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    position: Mapped[int]
    sku: Mapped[str]
    title: Mapped[str]
    quantity: Mapped[int]
    received: Mapped[int] = mapped_column(server_default="0")
    accepted: Mapped[int] = mapped_column(server_default="0")
    #: One of ``app.returns.rules.CONDITIONS``; None before the inspection.
    condition: Mapped[str | None]
    #: Whether the accepted units went back into the stock.
    restocked: Mapped[bool] = mapped_column(server_default="false")


class ReturnFile(Base):
    """A photo or a label of a return, kept privately."""

    __tablename__ = "return_files"
    __tenancy__ = parties()
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "return_id"],
            ["returns.retailer_id", "returns.supplier_id", "returns.id"],
        ),
        Index(None, "return_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    return_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    #: ``evidence`` (of the request), ``inspection`` or ``label``.
    kind: Mapped[str]
    #: Where its bytes are kept; empty where they stand in ``content``.
    file_key: Mapped[str]
    #: A label that was bought, sealed: the shopper's address is on it.
    content: Mapped[bytes | None]
    #: What it is by its content.
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    uploaded_at: Mapped[datetime]
    uploaded_by: Mapped[str]


class ReturnLabel(Postage, Base):
    """Postage for a return, bought by the party that its terms name. The buyer's alone: what it costs is nobody else's
    business. The label itself is a file of the return."""

    OWNER = "buyer_id"

    __tablename__ = "return_labels"
    __tenancy__ = own("buyer_id")
    __table_args__ = (
        Index(None, "return_id"),
        Index("ix_return_labels_unsure", "updated_at", postgresql_where=text("state in ('BUYING', 'VOIDING')")),
        Index(None, "buyer_id", "tracking_number"),
    )

    buyer_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    return_id: Mapped[UUID]
    file_id: Mapped[UUID | None]


class CreditMemo(Base):
    """What a supplier owes back for a return, in minor units of the purchase order's currency; one for each return.
    What the retailer's card gets of it is written in when it is booked."""

    __tablename__ = "credit_memos"
    __tenancy__ = parties()
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "return_id"],
            ["returns.retailer_id", "returns.supplier_id", "returns.id"],
        ),
        UniqueConstraint("return_id"),
        UniqueConstraint("number"),
        UniqueConstraint("journal_key"),
        Index(None, "purchase_order_id"),
        CheckConstraint("restocking >= 0 and restocking <= goods", name="restocking_within"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    return_id: Mapped[UUID]
    purchase_order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    #: ``CM-1001-1``, as its return's.
    number: Mapped[str]
    currency: Mapped[str]
    goods: Mapped[int] = mapped_column(BIG)
    restocking: Mapped[int] = mapped_column(BIG)
    #: The idempotency key of its journal entry.
    journal_key: Mapped[str]
    #: What goes to the card, in the charge's currency; None before it is booked.
    refund_amount: Mapped[int | None] = mapped_column(BIG)
    refund_currency: Mapped[str | None]
    refunded_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    lines: Mapped[list[CreditMemoLine]] = relationship(lazy="raise")


class CreditMemoLine(Base):
    """What is owed back for one line, in minor units."""

    __tablename__ = "credit_memo_lines"
    __tenancy__ = parties()
    __table_args__ = (CheckConstraint("units > 0", name="units_positive"),)

    credit_memo_id: Mapped[UUID] = mapped_column(ForeignKey("credit_memos.id"), primary_key=True)
    return_line_id: Mapped[UUID] = mapped_column(ForeignKey("return_lines.id"), primary_key=True)
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    units: Mapped[int]
    goods: Mapped[int] = mapped_column(BIG)
    restocking: Mapped[int] = mapped_column(BIG)


class ReturnSettings(Base):
    """How a retailer lets its customers ask for returns; one that chose nothing has them ask and decides itself."""

    __tablename__ = "return_settings"
    __tenancy__ = own("retailer_id")

    retailer_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    #: Whether customers may ask on their order's page.
    by_shoppers: Mapped[bool]
    #: Whether what they ask for goes to the supplier without anybody's look.
    automatic: Mapped[bool]
    #: Reasons for which a photo is wanted.
    photo_reasons: Mapped[list[str]]
    #: Stores (their ids, or ``none`` for orders without a store) whose customers are not written to, about returns,
    #: parcels and what comes otherwise than ordered.
    silent_stores: Mapped[list[str]] = mapped_column(server_default=text("'[]'::jsonb"))
    updated_at: Mapped[datetime]


class ShopperReturn(Base):
    """A customer asks its shop to take things back: WAITING, then GRANTED (each supplier's part is a return of its
    own), or REFUSED. What the customer wrote is sealed."""

    __tablename__ = "shopper_returns"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        UniqueConstraint("retailer_id", "id"),
        ForeignKeyConstraint(["retailer_id", "order_id"], ["orders.retailer_id", "orders.id"]),
        Index(None, "order_id"),
        Index(None, "retailer_id", "id"),
        Index("ix_shopper_returns_waiting", "retailer_id", postgresql_where=text("state = 'WAITING'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    order_id: Mapped[UUID]
    state: Mapped[str]
    note: Mapped[bytes | None]
    #: Why it was refused, which the customer reads.
    answer: Mapped[str]
    #: An actor of ``app.db.Scope``; ``automatic`` where the retailer's settings decided.
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    lines: Mapped[list[ShopperReturnLine]] = relationship(lazy="raise", order_by="ShopperReturnLine.position")
    files: Mapped[list[ShopperReturnFile]] = relationship(lazy="raise", order_by="ShopperReturnFile.id")


class ShopperReturnLine(Base):
    """Units that a customer wants to send back, and why; the return that they became."""

    __tablename__ = "shopper_return_lines"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "shopper_return_id"], ["shopper_returns.retailer_id", "shopper_returns.id"]
        ),
        Index(None, "purchase_order_line_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    shopper_return_id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_order_line_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order_lines.id"), primary_key=True)
    retailer_id: Mapped[UUID]
    position: Mapped[int]
    title: Mapped[str]
    quantity: Mapped[int]
    #: One of ``app.returns.rules.REASONS``.
    reason: Mapped[str]
    return_id: Mapped[UUID | None]


class ShopperReturnFile(Base):
    """A customer's photo, kept privately; each return that the request becomes gets a copy."""

    __tablename__ = "shopper_return_files"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "shopper_return_id"], ["shopper_returns.retailer_id", "shopper_returns.id"]
        ),
        Index(None, "shopper_return_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    shopper_return_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    file_key: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    uploaded_at: Mapped[datetime]


class StoreReturn(Base):
    """A return that stands in a retailer's store: which request of a customer it became, and what the store was
    told."""

    __tablename__ = "store_returns"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        UniqueConstraint("store_id", "external_id"),
        ForeignKeyConstraint(["retailer_id", "store_id"], ["stores.retailer_id", "stores.id"]),
        ForeignKeyConstraint(["retailer_id", "order_id"], ["orders.retailer_id", "orders.id"]),
        ForeignKeyConstraint(
            ["retailer_id", "shopper_return_id"], ["shopper_returns.retailer_id", "shopper_returns.id"]
        ),
        Index(None, "order_id"),
        Index(None, "shopper_return_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    store_id: Mapped[UUID]
    order_id: Mapped[UUID]
    #: The store's id and name of it.
    external_id: Mapped[str]
    name: Mapped[str]
    #: None where nothing of it can come back: its retailer answers it in the store.
    shopper_return_id: Mapped[UUID | None]
    #: What the store has as the answer: ``approved``, ``declined``, or None while it waits.
    told: Mapped[str | None]
    closed: Mapped[bool]
    created_at: Mapped[datetime]
