"""Purchase orders and their lines."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import BIG, Base, parties
from app.orders import models as _tables_named  # noqa: F401 – foreign keys here name its tables

_OPEN = text("status in ('PENDING', 'CONFIRMED', 'PROCESSING', 'BACKORDERED', 'PARTIALLY_SHIPPED')")


class PurchaseOrder(Base):
    """The part of an order that one supplier ships. Its supplier sees it once ``released_at`` is set, which
    happens when the retailer's charge has succeeded. Money is in minor units of ``currency``, the supplier's;
    fees are frozen when it is made."""

    __tablename__ = "purchase_orders"
    __tenancy__ = parties(shown_when="released_at is not null")
    __table_args__ = (
        UniqueConstraint("retailer_id", "supplier_id", "id"),
        UniqueConstraint("order_id", "supplier_id", "wave"),
        UniqueConstraint("number"),
        ForeignKeyConstraint(["retailer_id", "order_id"], ["orders.retailer_id", "orders.id"]),
        Index(None, "supplier_id", "released_at", "id", postgresql_where=text("released_at is not null")),
        Index(None, "retailer_id", "created_at", "id"),
        # Both are close to the order in which rows were written; what fell due on a day is looked up by them.
        Index("ix_purchase_orders_due", "ship_by", "acknowledge_by", postgresql_using="brin"),
        # What still waits for its supplier is little; both sides look at it all day.
        Index("ix_purchase_orders_open_supplier", "supplier_id", "ship_by", postgresql_where=_OPEN),
        Index("ix_purchase_orders_open_retailer", "retailer_id", "ship_by", postgresql_where=_OPEN),
        Index("ix_purchase_orders_unanswered", "remind_at", postgresql_where=text("remind_at is not null")),
        Index(None, "rerouting_id", postgresql_where=text("rerouting_id is not null")),
        {"postgresql_with": {"fillfactor": "85"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    #: 0 for those made when the order was routed; one more each time that a part of it was routed again.
    wave: Mapped[int] = mapped_column(server_default="0")
    #: Which rerouting it was made in, for units that another supplier did not deliver.
    rerouting_id: Mapped[UUID | None]
    #: For people: the order's number and a suffix, ``1001-1``.
    number: Mapped[str]
    #: How the retailer is called on papers and pages.
    retailer_name: Mapped[str]
    #: What the shopper's store calls the order.
    order_reference: Mapped[str]
    #: As the order's: ``order`` or ``sample``.
    kind: Mapped[str] = mapped_column(server_default="order")
    #: Derived from its lines and release: ``app.purchasing.rules.purchase_order_status``.
    status: Mapped[str]
    currency: Mapped[str]
    wholesale_total: Mapped[int] = mapped_column(BIG)
    #: With the order fee.
    shipping_cost: Mapped[int] = mapped_column(BIG)
    #: What of ``shipping_cost`` its supplier asks once for each purchase order, as it was when this one was made.
    order_fee: Mapped[int] = mapped_column(BIG, server_default="0")
    #: The platform's share of the goods, kept from what the supplier is paid.
    platform_fee: Mapped[int] = mapped_column(BIG)
    commission_bps: Mapped[int]
    #: What the retailer is charged for it, in the charge's currency, and the rate that was used.
    charge_currency: Mapped[str]
    charge_total: Mapped[int] = mapped_column(BIG)
    exchange_rate: Mapped[Decimal] = mapped_column(Numeric(20, 10))
    exchange_rate_as_of: Mapped[datetime]
    #: The address, sealed again for this row; the supplier's reading it is audited.
    ship_to: Mapped[bytes | None]
    ship_to_country: Mapped[str]
    #: Who stands on its parcels in place of the supplier, sealed for this row as it was when it was made
    #: (``app.orders.senders``); None: the supplier does.
    sender: Mapped[bytes | None]
    shipping_method: Mapped[str]
    estimated_from: Mapped[date | None]
    estimated_to: Mapped[date | None]
    released_at: Mapped[datetime | None]
    #: When the supplier should have acknowledged and shipped.
    acknowledge_by: Mapped[datetime | None]
    ship_by: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    #: While the supplier owes an answer: when the next step is due because it does not come, and how many there were.
    remind_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(server_default="0")
    #: When the supplier began to pack it.
    processing_at: Mapped[datetime | None]
    #: The store's side of it: fulfilment order, and how far our request there has come.
    external_fulfillment_order_id: Mapped[str | None]
    external_request_state: Mapped[str | None]
    #: Where its lines are listed from several of the store's locations: fulfilment order → location, of all of them.
    external_fulfillment_orders: Mapped[dict[str, str]] = mapped_column(server_default="{}")
    #: Where the store has split what one location has to send: fulfilment order → units by the store's line ids.
    external_fulfillment_lines: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    lines: Mapped[list[PurchaseOrderLine]] = relationship(lazy="raise", order_by="PurchaseOrderLine.position")

    @property
    def carriage(self) -> int:
        """Of ``shipping_cost`` what is asked for the way, without the order fee."""
        return self.shipping_cost - self.order_fee


class PurchaseOrderLine(Base):
    """One line of a purchase order. Its status is derived from the counts, which only grow."""

    __tablename__ = "purchase_order_lines"
    __tenancy__ = parties()
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
        UniqueConstraint("purchase_order_id", "position"),
        Index(None, "order_line_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("shipped + cancelled <= quantity and shipped >= 0 and cancelled >= 0", name="counts_within"),
        CheckConstraint("delivered >= 0 and delivered <= shipped", name="delivered_within"),
        CheckConstraint(
            "unavailable >= 0 and unavailable <= rejected and rejected <= cancelled", name="rejected_within"
        ),
        CheckConstraint("returned >= 0 and returned <= delivered", name="returned_within"),
        CheckConstraint("rerouted >= 0 and rerouted <= cancelled", name="rerouted_within"),
        CheckConstraint("at_once >= 0 and at_once <= quantity", name="at_once_within"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    order_line_id: Mapped[UUID]
    position: Mapped[int]
    #: Of a bundle, which of its components this is; how many units of the variant make one unit of the order line.
    component: Mapped[int] = mapped_column(server_default="0")
    per_unit: Mapped[int] = mapped_column(server_default="1")
    variant_id: Mapped[UUID]
    sku: Mapped[str]
    title: Mapped[str]
    quantity: Mapped[int]
    wholesale_price: Mapped[int] = mapped_column(BIG)
    #: What the supplier asks for one instead; None once that is agreed on, or it asks nothing else.
    asked_price: Mapped[int | None] = mapped_column(BIG)
    #: The supplier's answer: ``accepted``, ``backordered`` (if only a part of it is) or ``rejected``; None before it
    #: comes.
    answer: Mapped[str | None]
    #: Of a backordered line: how many units go at once, those included that have left; what is neither of them nor
    #: cancelled comes later, on ``available_on``. So what is cancelled is first of what comes later.
    at_once: Mapped[int] = mapped_column(server_default="0")
    available_on: Mapped[date | None]
    reason: Mapped[str | None]
    shipped: Mapped[int] = mapped_column(server_default="0")
    delivered: Mapped[int] = mapped_column(server_default="0")
    cancelled: Mapped[int] = mapped_column(server_default="0")
    #: How many of the cancelled units the supplier rejected, and of these how many because there were none.
    rejected: Mapped[int] = mapped_column(server_default="0")
    unavailable: Mapped[int] = mapped_column(server_default="0")
    #: How many of the cancelled units were given to another supplier.
    rerouted: Mapped[int] = mapped_column(server_default="0")
    #: When it was first backordered; stays when it is accepted later.
    backordered_at: Mapped[datetime | None]
    #: Units that came back and were credited.
    returned: Mapped[int] = mapped_column(server_default="0")
