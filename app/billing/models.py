"""Tables of plans and what is used of them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import SHARED, Base, own


class Plan(Base):
    """What the platform offers retailers: how many orders a month. A retailer without a plan has no limit."""

    __tablename__ = "plans"
    __tenancy__ = SHARED
    __table_args__ = (CheckConstraint("orders_a_month >= 0", name="orders_not_negative"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    #: None: as many as the retailer likes.
    orders_a_month: Mapped[int | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class RetailerPlan(Base):
    """Which plan a retailer has. Its row is locked while an order takes one of the plan's places."""

    __tablename__ = "retailer_plans"
    __tenancy__ = own("retailer_id")

    retailer_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plans.id"), index=True)
    since: Mapped[datetime]


class CountedOrder(Base):
    """An order that went to suppliers, counted once in the month in which it first did."""

    __tablename__ = "counted_orders"
    __tenancy__ = own("retailer_id", append_only=True)
    __table_args__ = (Index(None, "retailer_id", "month"),)

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    #: The month's first day, by the retailer's time zone.
    month: Mapped[date]
    counted_at: Mapped[datetime]
