"""Tables of settlement."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import BIG, SYSTEM, Base, own


class PaymentProfile(Base):
    """A retailer at the payment processor, and the method that its orders are charged to."""

    __tablename__ = "payment_profiles"
    __tenancy__ = own("retailer_id")

    retailer_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    processor: Mapped[str]
    customer_ref: Mapped[str]
    method_ref: Mapped[str | None]
    #: For people: ``Visa ending 4242``.
    method_label: Mapped[str | None]
    #: The hosted page on which a method is being added, if one is open.
    setup_ref: Mapped[str | None]
    updated_at: Mapped[datetime]


class PayoutAccount(Base):
    """A supplier's account at the processor. ``capability`` is ``pending``, ``active``, ``restricted``, ``unsupported``
    or ``by_hand``; the processor is asked for a transfer only where it is active."""

    __tablename__ = "payout_accounts"
    __tenancy__ = own("supplier_id")

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    processor: Mapped[str]
    account_ref: Mapped[str] = mapped_column(unique=True)
    capability: Mapped[str]
    requirements: Mapped[list[str]]
    updated_at: Mapped[datetime]


class Charge(Base):
    """What a retailer pays for one order's purchase orders, or later for what became dearer. ``attempt`` counts
    definite refusals; each attempt has its own idempotency key, stored before the processor is called."""

    __tablename__ = "charges"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        UniqueConstraint("order_id", "cause"),
        Index(None, "retailer_id", "created_at"),
        Index(None, "processor_ref"),
        Index("ix_charges_sending", "retailer_id", postgresql_where=text("state = 'SENDING'")),
        Index("ix_charges_carried", "retailer_id", postgresql_where=text("carried and charge_ref is null")),
        Index("ix_charges_taken_with", "taken_with", postgresql_where=text("taken_with is not null")),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("refunded >= 0 and refunded <= amount", name="refunded_within"),
        CheckConstraint("along >= 0", name="along_not_negative"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    #: Empty for the order's own; what a supplement is for: ``price:<decision>`` or ``rerouting:<its id>``, tried once.
    cause: Mapped[str] = mapped_column(server_default="")
    amount: Mapped[int] = mapped_column(BIG)
    currency: Mapped[str]
    refunded: Mapped[int] = mapped_column(BIG, server_default="0")
    #: Less than the processor takes at once: it counts as paid, and its retailer owes it until ``taken_with``, a later
    #: order's charge, has brought it in; from then on ``charge_ref`` is that one's.
    carried: Mapped[bool] = mapped_column(server_default=text("false"))
    taken_with: Mapped[UUID | None]
    #: What this charge takes of carried ones, beside its own amount.
    along: Mapped[int] = mapped_column(BIG, server_default="0")
    #: One of ``app.settlement.rules.CHARGE_MOVES``' states.
    state: Mapped[str]
    attempt: Mapped[int] = mapped_column(server_default="1")
    processor: Mapped[str]
    #: What the attempt is charged to, frozen with it.
    customer_ref: Mapped[str]
    method_ref: Mapped[str]
    #: The processor's id of the payment (while SENDING: of the attempt before, which is given up first), and of the
    #: money that moved.
    processor_ref: Mapped[str | None]
    charge_ref: Mapped[str | None]
    failure_code: Mapped[str | None]
    failure_message: Mapped[str | None]
    #: Where the retailer confirms with its bank, if it must.
    action_url: Mapped[str | None]
    retry_at: Mapped[datetime | None]
    processor_fee: Mapped[int | None] = mapped_column(BIG)
    available_on: Mapped[datetime | None]
    created_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]

    @property
    def standing(self) -> str:
        """How it stands with its retailer's money: ``state``, or CARRIED where it counts as paid and is still to be
        brought in by a later order's charge."""
        return "CARRIED" if self.carried and self.charge_ref is None else self.state


class Refund(Base):
    """Money back to a retailer for lines that will not come. ``cause`` makes each reason refund once.

    ``kind``: ``share`` gives back a share of the purchase order; ``difference`` something that is owed beside the
    shares, booked as owed before: no goods, shipping or fee belong to it."""

    __tablename__ = "refunds"
    __tenancy__ = own("retailer_id")
    __table_args__ = (
        UniqueConstraint("purchase_order_id", "cause"),
        Index(None, "charge_id"),
        Index(None, "retailer_id", "created_at"),
        Index("ix_refunds_troubled", "retailer_id", postgresql_where=text("state in ('SENDING', 'FAILED')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    charge_id: Mapped[UUID | None] = mapped_column(ForeignKey("charges.id"))
    purchase_order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(server_default="share")
    amount: Mapped[int] = mapped_column(BIG)
    #: What more belongs to the share and is given back by other payments of the order, as a difference.
    rest: Mapped[int] = mapped_column(BIG, server_default="0")
    currency: Mapped[str]
    #: The same in the supplier's currency: goods, shipping, and our fee in them.
    goods: Mapped[int] = mapped_column(BIG)
    shipping: Mapped[int] = mapped_column(BIG)
    platform_fee: Mapped[int] = mapped_column(BIG)
    cause: Mapped[str]
    #: Set where it pays a return's credit memo; goods, shipping and fee are then those of the memo, and 0 here.
    credit_memo_id: Mapped[UUID | None] = mapped_column(ForeignKey("credit_memos.id"), unique=True)
    #: A state of ``app.settlement.rules.REFUND_MOVES``.
    state: Mapped[str]
    attempt: Mapped[int] = mapped_column(server_default="1")
    processor_ref: Mapped[str | None]
    failure: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Earning(Base):
    """What a supplier earned by one shipment: HELD until delivery and the dispute window have passed, then
    PAYABLE, then PAID with a payout. With a credit memo instead of a shipment it is below zero: what a return takes
    back. One whose parcel was taken back, corrected or lost before it arrived is REVERSED, and so is the one below zero
    that takes it back: together they are nothing."""

    __tablename__ = "earnings"
    __tenancy__ = own("supplier_id")
    __table_args__ = (
        Index("uq_earnings_shipment", "shipment_id", unique=True, postgresql_where=text("state <> 'REVERSED'")),
        Index(None, "shipment_id"),
        UniqueConstraint("reverses_id"),
        Index(None, "supplier_id", "state"),
        Index(None, "purchase_order_id"),
        Index(
            "ix_earnings_due",
            "payable_at",
            postgresql_where=text("state = 'HELD' and payable_at is not null"),
        ),
        Index(None, "payout_id"),
        CheckConstraint("shipment_id is null or credit_memo_id is null", name="one_cause"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID]
    shipment_id: Mapped[UUID | None]
    credit_memo_id: Mapped[UUID | None] = mapped_column(ForeignKey("credit_memos.id"), unique=True)
    #: The earning that this one takes back.
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("earnings.id"))
    #: Which ``units_revision`` of the parcel it is for.
    units_revision: Mapped[int] = mapped_column(server_default="0")
    purchase_order_id: Mapped[UUID]
    currency: Mapped[str]
    #: goods + shipping − fee = amount, in minor units.
    goods: Mapped[int] = mapped_column(BIG)
    shipping: Mapped[int] = mapped_column(BIG)
    platform_fee: Mapped[int] = mapped_column(BIG)
    amount: Mapped[int] = mapped_column(BIG)
    #: What the retailer was charged for it, in the charge's currency.
    charged: Mapped[int] = mapped_column(BIG)
    state: Mapped[str]
    #: Set at delivery: when the dispute window ends. Of a parcel whose way nobody reports: when it counts as arrived.
    payable_at: Mapped[datetime | None]
    payout_id: Mapped[UUID | None]
    created_at: Mapped[datetime]


class Payout(Base):
    """A transfer to a supplier, in a state of ``app.settlement.rules.PAYOUT_MOVES``. The amount is frozen before the
    processor is called; one account gets one payout at a time."""

    __tablename__ = "payouts"
    __tenancy__ = own("supplier_id")
    __table_args__ = (
        Index(None, "supplier_id", "created_at"),
        Index(
            "uq_payouts_open",
            "supplier_id",
            "currency",
            unique=True,
            postgresql_where=text("state in ('SCHEDULED', 'SENDING', 'HELD')"),
        ),
        CheckConstraint("amount > 0", name="amount_positive"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BIG)
    currency: Mapped[str]
    state: Mapped[str]
    attempt: Mapped[int] = mapped_column(server_default="1")
    processor: Mapped[str]
    account_ref: Mapped[str]
    processor_ref: Mapped[str | None]
    failure: Mapped[str | None]
    created_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class ProcessorTransaction(Base):
    """A line of the processor's own account of our money, copied as it is, to be matched with the ledger."""

    __tablename__ = "processor_transactions"
    __tenancy__ = SYSTEM
    __table_args__ = (Index(None, "source_ref"), Index(None, "created_at"))

    #: The processor's id.
    id: Mapped[str] = mapped_column(primary_key=True)
    processor: Mapped[str]
    kind: Mapped[str]
    source_ref: Mapped[str]
    amount: Mapped[int] = mapped_column(BIG)
    fee: Mapped[int] = mapped_column(BIG)
    net: Mapped[int] = mapped_column(BIG)
    currency: Mapped[str]
    available_on: Mapped[datetime]
    created_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


class ReconciliationRun(Base):
    """One comparison of orders, purchase orders, ledger and processor."""

    __tablename__ = "reconciliation_runs"
    __tenancy__ = SYSTEM

    id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    checked: Mapped[dict[str, Any]]
    failed: Mapped[str | None]


class ReconciliationBreak(Base):
    """Two accounts of the same money that differ. ``fingerprint`` keeps one break one row over many nights."""

    __tablename__ = "reconciliation_breaks"
    __tenancy__ = SYSTEM
    __table_args__ = (Index(None, "found_at", postgresql_where=text("state = 'OPEN'")),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    reference: Mapped[str]
    #: The difference in minor units.
    amount: Mapped[int] = mapped_column(BIG)
    currency: Mapped[str]
    detail: Mapped[dict[str, Any]]
    owner: Mapped[str | None]
    #: OPEN, EXPLAINED or FIXED.
    state: Mapped[str]
    #: Why a person took the difference for right; ``owner`` is who said so.
    explanation: Mapped[str | None]
    found_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
