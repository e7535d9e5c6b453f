"""What retailers want done, and decide, about what does not come as ordered."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import BIG, Base, own


class AnswerRules(Base):
    """What a retailer wants done when a supplier does not take an order as it was placed; without a row
    ``app.purchasing.decisions.rules.DEFAULTS`` hold. Amounts are in minor units of the retailer's currency."""

    __tablename__ = "answer_rules"
    __tenancy__ = own("retailer_id")

    retailer_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    #: A price that is higher by no more than both is taken without asking: of one unit in basis points, of a line.
    price_tolerance_bps: Mapped[int]
    price_tolerance_amount: Mapped[int] = mapped_column(BIG)
    #: What becomes of a price that nobody decided about: ``refund``, ``accept`` or ``reroute``.
    price_default: Mapped[str]
    #: The next supplier is taken without asking, for units that were rejected or that nobody answered about.
    reroute_rejected: Mapped[bool]
    reroute_silent: Mapped[bool]
    #: Hours to decide in; 0: nobody is asked, and the default is done at once.
    decide_within_hours: Mapped[int]
    #: What becomes of units that nobody decided about: ``refund`` or ``wait``.
    decision_default: Mapped[str]
    #: How long units wait for stock.
    wait_days: Mapped[int]
    #: What a supplier promises for a day that is further away is not waited for without asking.
    backorder_days: Mapped[int] = mapped_column(server_default="30")
    #: How often a silent supplier is reminded, and the hours between one step and the next.
    reminders: Mapped[int]
    remind_hours: Mapped[int]
    updated_at: Mapped[datetime]


class OrderDecision(Base):
    """Units of a purchase order that do not come as ordered, and what is decided about them. ``units`` are the
    purchase order line's own."""

    __tablename__ = "order_decisions"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        UniqueConstraint("purchase_order_line_id", "cause"),
        Index(None, "order_id"),
        Index(None, "retailer_id", "id"),
        Index(None, "rerouting_id", postgresql_where=text("rerouting_id is not null")),
        Index("ix_order_decisions_due", "next_at", postgresql_where=text("next_at is not null")),
        CheckConstraint("units > 0", name="units_positive"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    retailer_id: Mapped[UUID]
    order_id: Mapped[UUID]
    order_line_id: Mapped[UUID]
    purchase_order_id: Mapped[UUID]
    purchase_order_line_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order_lines.id"))
    supplier_id: Mapped[UUID]
    component: Mapped[int]
    per_unit: Mapped[int]
    #: ``price``, ``rejected``, ``silent`` or ``later``; the cause names it once within the line.
    kind: Mapped[str]
    cause: Mapped[str]
    units: Mapped[int]
    #: Why the supplier rejected them.
    reason: Mapped[str | None]
    #: For a price: of one unit, ordered and asked, in minor units of ``currency``, the supplier's.
    currency: Mapped[str]
    ordered_price: Mapped[int] = mapped_column(BIG)
    asked_price: Mapped[int | None] = mapped_column(BIG)
    #: OPEN, CHOSEN, PAYING, WAITING, DONE or OVERTAKEN: ``app.purchasing.decisions.rules.MOVES``.
    state: Mapped[str]
    #: ``accept``, ``reroute``, ``wait``, ``substitute`` or ``refund``; and who chose it: a person's actor, ``rule`` or
    #: ``deadline``.
    choice: Mapped[str | None]
    chosen_by: Mapped[str | None]
    substitute_id: Mapped[UUID | None]
    #: Whether the store is to refund its customer when it is cancelled; None where the store's own setting says.
    refund_customer: Mapped[bool | None]
    #: Why the last choice could not be carried out: ``card_declined``, ``nobody_can``, ``on_its_way``.
    trouble: Mapped[str | None]
    #: When the default is done if nobody decides, until when units wait, and when the clock acts next.
    due_at: Mapped[datetime]
    wait_until: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    #: The rerouting that it is part of, and the charge that is waited for.
    rerouting_id: Mapped[UUID | None]
    charge_id: Mapped[UUID | None]
    #: What the store's people were told last (``app.purchasing.decisions.rules.store_news``), and when.
    store_told: Mapped[str | None]
    store_told_at: Mapped[datetime | None]
    #: What the store did not take, since when, and why; it is not told that again by itself.
    store_refused: Mapped[str | None]
    store_refused_at: Mapped[datetime | None]
    store_refusal: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
