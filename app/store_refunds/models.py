"""Tables of refunds in stores."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import BIG, Base, own
from app.kit.money import Money
from app.returns import models as _tables_named  # noqa: F401 – foreign keys here name its tables
from app.store_refunds.rules import ASKED, REFUSED
from app.stores import models as _stores_named  # noqa: F401 – and this one's


class StoreRefund(Base):
    """Money of an order that its store is to give back to its customer. ``state`` is one of
    ``app.store_refunds.rules.STATES``; ``cause`` names it once in its order."""

    __tablename__ = "store_refunds"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        UniqueConstraint("order_id", "cause"),
        UniqueConstraint("retailer_id", "id"),
        ForeignKeyConstraint(["retailer_id", "order_id"], ["orders.retailer_id", "orders.id"]),
        ForeignKeyConstraint(["retailer_id", "store_id"], ["stores.retailer_id", "stores.id"]),
        Index(None, "retailer_id", "id"),
        Index("ix_store_refunds_open", "retailer_id", postgresql_where=text(f"state in ('{ASKED}', '{REFUSED}')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    store_id: Mapped[UUID]
    order_id: Mapped[UUID]
    #: ``decision:…``, ``return:…``, ``order:…`` (all that was owed then), or ``asked:…`` (a person's wish).
    cause: Mapped[str]
    return_id: Mapped[UUID | None]
    state: Mapped[str]
    shipping: Mapped[bool]
    #: Whether the store writes to its customer about it.
    notify: Mapped[bool]
    #: What is to be given back, in minor units of the order's currency; None for what the store works out.
    amount: Mapped[int | None] = mapped_column(BIG)
    #: Nothing of ours comes of the order any more.
    whole: Mapped[bool]
    #: How often the store was asked anew after a refusal, the work that it is at, and the work that had not ended when
    #: it was asked anew for that.
    tries: Mapped[int]
    pending: Mapped[str | None]
    stuck: Mapped[str | None]
    #: The store's id of the refund, what it gave back as it counts, and whether it cancelled the order for it.
    external_id: Mapped[str | None]
    made_amount: Mapped[int | None] = mapped_column(BIG)
    made_currency: Mapped[str | None]
    #: The same in the currency that the customer paid in, not always the shop's; None where the store did not say.
    customer_amount: Mapped[int | None] = mapped_column(BIG)
    customer_currency: Mapped[str | None]
    cancelled: Mapped[bool] = mapped_column(server_default="false")
    #: Why it was refused: a code, and the store's own words.
    refusal: Mapped[str | None]
    refusal_text: Mapped[str]
    #: An actor of ``app.db.Scope``.
    asked_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    lines: Mapped[list[StoreRefundLine]] = relationship(lazy="raise", order_by="StoreRefundLine.order_line_id")

    @property
    def reference(self) -> str:
        """By which the store's refund is known again; it stands in its note."""
        return f"CD-{self.id.hex[-16:]}"

    @property
    def to_customer(self) -> Money | None:
        """What the customer got, in the currency that it paid in; None where that is not known."""
        if self.customer_amount is None or self.customer_currency is None:
            return None
        return Money(self.customer_amount, self.customer_currency)


class StoreRefundLine(Base):
    """Units of an order's line in a refund; ``owed`` of them will not come."""

    __tablename__ = "store_refund_lines"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        ForeignKeyConstraint(["retailer_id", "store_refund_id"], ["store_refunds.retailer_id", "store_refunds.id"]),
        Index(None, "order_line_id"),
        CheckConstraint("units > 0", name="units_positive"),
        CheckConstraint("owed >= 0 and owed <= units", name="owed_within"),
    )

    store_refund_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_line_id: Mapped[UUID] = mapped_column(ForeignKey("order_lines.id"), primary_key=True)
    retailer_id: Mapped[UUID]
    units: Mapped[int]
    owed: Mapped[int]
