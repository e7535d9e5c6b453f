"""Tables of purchase orders, and of how it is chosen who gets them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import BIG, Base, own, parties


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
        {"postgresql_with": {"fillfactor": "85"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    #: 0 for those made when the order was routed; one more each time that a part of it was routed again.
    wave: Mapped[int] = mapped_column(server_default="0")
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
    shipping_cost: Mapped[int] = mapped_column(BIG)
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
    shipping_method: Mapped[str]
    estimated_from: Mapped[date | None]
    estimated_to: Mapped[date | None]
    released_at: Mapped[datetime | None]
    #: When the supplier should have acknowledged and shipped.
    acknowledge_by: Mapped[datetime | None]
    ship_by: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    #: When the supplier began to pack it.
    processing_at: Mapped[datetime | None]
    #: The store's side of it: fulfilment order, and how far our request there has come.
    external_fulfillment_order_id: Mapped[str | None]
    external_request_state: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    lines: Mapped[list[PurchaseOrderLine]] = relationship(lazy="raise", order_by="PurchaseOrderLine.position")


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
    #: The supplier's answer: ``accepted``, ``backordered`` or ``rejected``; None before it comes.
    answer: Mapped[str | None]
    available_on: Mapped[date | None]
    reason: Mapped[str | None]
    shipped: Mapped[int] = mapped_column(server_default="0")
    delivered: Mapped[int] = mapped_column(server_default="0")
    cancelled: Mapped[int] = mapped_column(server_default="0")
    #: How many of the cancelled units the supplier rejected, and of these how many because there were none.
    rejected: Mapped[int] = mapped_column(server_default="0")
    unavailable: Mapped[int] = mapped_column(server_default="0")
    #: When it was first backordered; stays when it is accepted later.
    backordered_at: Mapped[datetime | None]
    #: Units that came back and were credited.
    returned: Mapped[int] = mapped_column(server_default="0")


class Transmission(Base):
    """One attempt to tell a supplier of a purchase order through a channel, and what is known of its outcome:
    SENDING → DELIVERED or REJECTED, or OUTCOME_UNKNOWN until a probe tells."""

    __tablename__ = "transmissions"
    __tenancy__ = parties()
    __table_args__ = (UniqueConstraint("purchase_order_id", "channel", "attempt"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    channel: Mapped[str]
    attempt: Mapped[int]
    state: Mapped[str]
    detail: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class RoutingRuleSet(Base):
    """One version of a retailer's rules; the newest one holds, none is ever changed."""

    __tablename__ = "routing_rule_sets"
    __tenancy__ = own("retailer_id", append_only=True)
    __table_args__ = (UniqueConstraint("retailer_id", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    version: Mapped[int]
    #: In their order, as ``app.purchasing.routing.rules.as_json`` writes them.
    rules: Mapped[list[dict[str, Any]]]
    #: Offers of the same article (by GTIN) are used without being confirmed.
    same_articles: Mapped[bool]
    #: The version whose rules it took up again, if it was made so.
    restored: Mapped[int | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class RoutingDecision(Base):
    """A choice with everything that it was made from: solving ``problem`` again gives ``outcome`` again."""

    __tablename__ = "routing_decisions"
    __tenancy__ = own("retailer_id", append_only=True)
    __table_args__ = (
        ForeignKeyConstraint(["retailer_id", "order_id"], ["orders.retailer_id", "orders.id"]),
        UniqueConstraint("order_id", "attempt"),
        Index(None, "retailer_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    order_id: Mapped[UUID]
    #: From 1; an order on hold is decided about again, and so are lines that a supplier rejected.
    attempt: Mapped[int]
    #: Of the retailer's rules; 0: the ones that everybody begins with.
    rules_version: Mapped[int]
    #: As ``app.purchasing.routing.snapshot`` writes them.
    problem: Mapped[dict[str, Any]]
    outcome: Mapped[dict[str, Any]]
    #: Whether there was a choice.
    routed: Mapped[bool]
    created_at: Mapped[datetime]
