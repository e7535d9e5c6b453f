"""Tables of suppliers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Numeric, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import BIG, SHARED, Base, own


class Supplier(Base):
    """A supplier's public profile and terms. Its id is its organisation's."""

    __tablename__ = "suppliers"
    __tenancy__ = SHARED
    __table_args__ = (
        Index(
            "ix_suppliers_search",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    company_name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    logo_url: Mapped[str | None]
    website: Mapped[str | None]
    #: ``manufacturer``, ``distributor`` or ``wholesaler``.
    business_type: Mapped[str]
    country: Mapped[str]
    currency: Mapped[str]
    timezone: Mapped[str]
    #: One of the states in ``app.suppliers.rules``.
    status: Mapped[str]
    #: Working days from the purchase order to the parcel leaving.
    handling_days: Mapped[int]
    #: The hour of the supplier's day after which an order counts for the next day; None: it counts whenever it comes.
    cutoff_hour: Mapped[int | None]
    #: Its carriers do not deliver to boxes at post offices.
    no_post_boxes: Mapped[bool] = mapped_column(server_default="false")
    shipping_methods: Mapped[list[str]]
    min_order_value: Mapped[int] = mapped_column(BIG, server_default="0")
    #: Asked once for each purchase order, with its shipping, in minor units of ``currency``.
    order_fee: Mapped[int] = mapped_column(BIG, server_default="0")
    #: Basis points of the goods' value that the platform keeps; None: the platform's default.
    commission_bps: Mapped[int | None]
    #: How reliable it is, 0 to 100 (``app.suppliers.rules.scorecards``), and the same from 0 to 5; None while new.
    score: Mapped[int | None]
    rating: Mapped[Decimal | None] = mapped_column(Numeric(3, 2))
    #: When it was last warned of its score or a measure; None once it is well again.
    score_warned_on: Mapped[date | None]
    search_text: Mapped[str]
    updated_at: Mapped[datetime]


class SupplierApplication(Base):
    """What a supplier told us when it applied, and what we decided. Contact data is sealed."""

    __tablename__ = "supplier_applications"
    __tenancy__ = own("supplier_id")

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    contact: Mapped[bytes]
    registration_number: Mapped[str]
    tax_id: Mapped[str]
    catalogue_size: Mapped[str]
    note: Mapped[str]
    submitted_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decision_note: Mapped[str | None]
    legal_name: Mapped[str] = mapped_column(server_default="")
    #: The company's address, sealed.
    address: Mapped[bytes | None]
    #: Why there is no registration number, or no tax number.
    registration_reason: Mapped[str] = mapped_column(server_default="")
    tax_reason: Mapped[str] = mapped_column(server_default="")
    #: The tax number in the form in which two are compared, and a keyed hash of the contact's phone: two suppliers
    #: that share one are shown to the reviewer.
    tax_key: Mapped[str] = mapped_column(server_default="")
    phone_hash: Mapped[bytes | None]
    #: How it connects: ``portal``, ``file``, ``api``, ``edi`` or ``shop``; empty until it has said so.
    connection: Mapped[str] = mapped_column(server_default="")
    connection_note: Mapped[str] = mapped_column(server_default="")
    #: When it sent its answers for review, the last time.
    sent_at: Mapped[datetime | None]
    #: An active supplier whose papers have lapsed sells on until this day, and is suspended after it.
    review_due_on: Mapped[date | None]
    review_reason: Mapped[str] = mapped_column(server_default="")


class SupplierDocument(Base):
    """A paper of a supplier, kept privately. One that was replaced or removed stays, with ``ended_at``."""

    __tablename__ = "supplier_documents"
    __tenancy__ = own("supplier_id")
    __table_args__ = (Index(None, "supplier_id"), Index(None, "expires_on"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    #: ``registration``, ``insurance`` or ``other``.
    kind: Mapped[str]
    file_key: Mapped[str]
    #: What it is by its content: ``application/pdf``, ``image/jpeg`` or ``image/png``.
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    expires_on: Mapped[date | None]
    uploaded_at: Mapped[datetime]
    uploaded_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    #: Days before the end of the last reminder; None before the first.
    reminded_days: Mapped[int | None]
    #: The answer to a reviewer's question that it came with; None for papers of the set-up.
    answer_id: Mapped[UUID | None] = mapped_column(ForeignKey("supplier_answers.id"), index=True)


class SupplierQuestion(Base):
    """Something that a reviewer asked about one step of the set-up; answered in words, or when the step is saved
    again."""

    __tablename__ = "supplier_questions"
    __tenancy__ = own("supplier_id")
    __table_args__ = (Index(None, "supplier_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    step: Mapped[str]
    message: Mapped[str]
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]
    answered_at: Mapped[datetime | None]


class SupplierAnswer(Base):
    """What a supplier wrote to a reviewer's question; documents may come with it."""

    __tablename__ = "supplier_answers"
    __tenancy__ = own("supplier_id", append_only=True)
    __table_args__ = (Index(None, "question_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    question_id: Mapped[UUID] = mapped_column(ForeignKey("supplier_questions.id"))
    message: Mapped[str]
    written_at: Mapped[datetime]
    written_by: Mapped[str]


class ReturnPolicy(Base):
    """How a supplier takes goods back. Versions are never changed; the highest one holds."""

    __tablename__ = "return_policies"
    __tenancy__ = SHARED
    __table_args__ = (UniqueConstraint("supplier_id", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    version: Mapped[int]
    window_days: Mapped[int]
    #: Basis points of the goods' value that are kept where nobody is to blame.
    restocking_bps: Mapped[int]
    #: Reason → who pays for sending it back: ``supplier``, ``retailer`` or ``shopper``.
    payers: Mapped[dict[str, str]]
    #: Reasons for which a photo is wanted.
    photo_reasons: Mapped[list[str]] = mapped_column(server_default=text("'[]'::jsonb"))
    #: Where returned goods go, sealed.
    address: Mapped[bytes]
    created_at: Mapped[datetime]


class TestOrder(Base):
    """A purchase order that only looks like one: no money, no stock, nobody waits for it. It shows that a supplier
    gets orders, answers them and sends tracking numbers by the way it connects."""

    __tablename__ = "test_orders"
    __tenancy__ = own("supplier_id")
    __table_args__ = (UniqueConstraint("supplier_id", "attempt"),)
    #: Not one of pytest's.
    __test__ = False

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    attempt: Mapped[int]
    #: Each with ``id``, ``sku``, ``title``, ``quantity``, ``answer`` and ``shipped``.
    lines: Mapped[list[dict[str, Any]]]
    #: Each with ``id``, ``carrier``, ``tracking_number``, ``tracking_url`` and ``lines``.
    parcels: Mapped[list[dict[str, Any]]]
    placed_at: Mapped[datetime]
    #: When and by which way (``portal`` or ``api``) the supplier did each thing first.
    seen_at: Mapped[datetime | None]
    seen_via: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answered_via: Mapped[str | None]
    shipped_at: Mapped[datetime | None]
    shipped_via: Mapped[str | None]
    passed_at: Mapped[datetime | None]
    #: Another attempt took its place.
    ended_at: Mapped[datetime | None]


class SupplierStatusChange(Base):
    """History of a supplier's status: who moved it, when and why."""

    __tablename__ = "supplier_status_changes"
    __tenancy__ = own("supplier_id", append_only=True)
    __table_args__ = (Index(None, "supplier_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID]
    from_status: Mapped[str]
    to_status: Mapped[str]
    actor: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class ShippingRate(Base):
    """What a supplier asks for sending a parcel to a group of countries."""

    __tablename__ = "shipping_rates"
    __tenancy__ = SHARED
    __table_args__ = (UniqueConstraint("supplier_id", "name"), Index(None, "supplier_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    name: Mapped[str]
    #: ISO country codes; ``*`` stands for all others.
    countries: Mapped[list[str]]
    #: Minor units for the first unit, and for each one more.
    first_item: Mapped[int] = mapped_column(BIG)
    next_item: Mapped[int] = mapped_column(BIG)
    transit_days_min: Mapped[int]
    transit_days_max: Mapped[int]
    #: ``standard``, ``express`` or ``freight``.
    method: Mapped[str] = mapped_column(server_default="standard")
    #: What the price follows: ``item`` (the two amounts above), ``weight`` or ``value`` (the tiers).
    price_by: Mapped[str] = mapped_column(server_default="item")
    #: Ascending: ``up_to`` grams or minor units (null in the last: without end), and the ``price`` in minor units.
    tiers: Mapped[list[dict[str, Any]]] = mapped_column(server_default="[]")


class SupplierClosure(Base):
    """Days, the last one included, on which a supplier sends nothing; retailers see them with the note."""

    __tablename__ = "supplier_closures"
    __tenancy__ = SHARED
    __table_args__ = (Index(None, "supplier_id", "ends_on"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    note: Mapped[str]
    created_at: Mapped[datetime]


class SupplierMeasure(Base):
    """What was counted of a supplier on one day, by what fell due on it. Written anew while late facts may come."""

    __tablename__ = "supplier_measures"
    __tenancy__ = own("supplier_id")

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    #: One of ``app.suppliers.rules.scorecards``.
    measure: Mapped[str] = mapped_column(primary_key=True)
    #: The hours or days of a spread; 0 for a share.
    step: Mapped[int] = mapped_column(primary_key=True)
    met: Mapped[int]
    counted: Mapped[int]


class SupplierScore(Base):
    """A supplier's scorecard as of the end of a day. What others may see of it is its card (``SupplierCard``)."""

    __tablename__ = "supplier_scores"
    __tenancy__ = own("supplier_id")

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    score: Mapped[int | None]
    #: Orders that fell due in the days that are scored.
    orders: Mapped[int]
    #: Window → measure → ``met`` and ``counted``; of the window that is scored also the ``rules`` part.
    measures: Mapped[dict[str, Any]]
    #: Spread → half and nine of ten took so long or less, and of how many.
    spreads: Mapped[dict[str, Any]]
    computed_at: Mapped[datetime]


class SupplierCard(Base):
    """What everybody may know of a supplier's reliability: shares of enough cases, how many roughly, no retailer's
    figures. One row a day."""

    __tablename__ = "supplier_cards"
    __tenancy__ = SHARED

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("suppliers.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    score: Mapped[int | None]
    #: Orders behind it, rounded down to 30, 50, 100 …; 0 below.
    orders: Mapped[int]
    #: Measure → basis points, whole percents; a measure of too few cases is left out.
    shares: Mapped[dict[str, Any]]
    #: Half of the orders left, or were answered, within so many days and hours; left out for too few.
    spreads: Mapped[dict[str, Any]]
