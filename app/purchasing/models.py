"""Tables of purchase orders, of how they reach their suppliers, and of how it is chosen who gets them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Numeric, UniqueConstraint, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import BIG, Base, own, parties
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


class ChannelSetting(Base):
    """How a supplier wants its purchase orders. A supplier without a row is told by e-mail, at once."""

    __tablename__ = "channel_settings"
    __tenancy__ = own("supplier_id")
    __table_args__ = (
        Index("ix_channel_settings_poll", "next_poll_at", postgresql_where=text("next_poll_at is not null")),
    )

    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    #: The adapter's name.
    channel: Mapped[str]
    #: The form's values without its secrets; the secrets, sealed; what the adapter asked to be remembered.
    values: Mapped[dict[str, str]]
    secrets: Mapped[bytes | None]
    marks: Mapped[dict[str, str]]
    #: When purchase orders are sent: ``app.purchasing.schedule``; empty: at once.
    schedule: Mapped[dict[str, Any]]
    #: The last number that a message took (``Sending.sequence``).
    sequence: Mapped[int] = mapped_column(server_default="0")
    #: How the last message, poll or test ended: when it last went well, and what has been wrong since when.
    worked_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    #: A stable word for what is wrong, and the sentence for the supplier, sealed.
    problem: Mapped[str | None]
    words: Mapped[bytes | None]
    next_poll_at: Mapped[datetime | None]
    polled_at: Mapped[datetime | None]
    tested_at: Mapped[datetime | None]
    changed_by: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


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


class ChangeRequest(Base):
    """A supplier is asked to change what it has accepted: to stop units, or to send to another address. Of each kind a
    purchase order has one that waits; what is asked meanwhile is added to it."""

    __tablename__ = "change_requests"
    __tenancy__ = parties()
    __table_args__ = (
        UniqueConstraint("retailer_id", "supplier_id", "id"),
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
        Index(
            "uq_change_requests_open",
            "purchase_order_id",
            "kind",
            unique=True,
            postgresql_where=text("state = 'OPEN'"),
        ),
        Index("ix_change_requests_due", "due_at", postgresql_where=text("state = 'OPEN'")),
        Index(None, "order_id"),
        Index(None, "retailer_id", "id"),
        Index(None, "supplier_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    purchase_order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    #: One of ``app.purchasing.changes.rules.KINDS`` and ``STATES``.
    kind: Mapped[str]
    state: Mapped[str]
    #: Who wants it: ``retailer`` or ``store``; and who asked, an actor of ``app.db.Scope``.
    origin: Mapped[str]
    asked_by: Mapped[str]
    #: Why, in the retailer's words. Nothing personal.
    note: Mapped[str]
    #: The store's own requests, which are answered when this one is: one on a line (``store_refs``).
    external_ref: Mapped[str | None]
    #: The new address, sealed; it goes when the request is over.
    ship_to: Mapped[bytes | None]
    ship_to_country: Mapped[str]
    asked_at: Mapped[datetime]
    remind_at: Mapped[datetime]
    due_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    #: Why it was refused: one of ``REFUSALS``, ``no_answer`` or ``shipped_first``; and in the supplier's words.
    refusal: Mapped[str | None]
    answer: Mapped[str]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]

    lines: Mapped[list[ChangeRequestLine]] = relationship(
        lazy="raise", order_by="ChangeRequestLine.purchase_order_line_id"
    )


class ChangeRequestLine(Base):
    """Units of a line that a supplier is asked to stop. ``granted`` were stopped, ``lost`` had left before."""

    __tablename__ = "change_request_lines"
    __tenancy__ = parties()
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "change_request_id"],
            ["change_requests.retailer_id", "change_requests.supplier_id", "change_requests.id"],
        ),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("granted >= 0 and lost >= 0 and granted + lost <= quantity", name="counts_within"),
        CheckConstraint("odd >= 0 and odd <= quantity", name="odd_within"),
    )

    change_request_id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_order_line_id: Mapped[UUID] = mapped_column(ForeignKey("purchase_order_lines.id"), primary_key=True)
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    quantity: Mapped[int]
    granted: Mapped[int] = mapped_column(server_default="0")
    lost: Mapped[int] = mapped_column(server_default="0")
    #: Of these units, those that make nothing whole without another part that does not come.
    odd: Mapped[int] = mapped_column(server_default="0")

    @hybrid_property
    def waiting(self) -> int:
        """Units about which nothing is known yet; once the request is over, those that come all the same."""
        return self.quantity - self.granted - self.lost


class ChangeMessage(Base):
    """A request of ``change_requests`` on its way to the supplier's system, or the word that it is no longer asked for;
    the moves of ``state`` are in ``app.purchasing.changes.rules``. What is added to a request is another message, which
    tells all that is asked for."""

    __tablename__ = "change_messages"
    __tenancy__ = parties()
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "change_request_id"],
            ["change_requests.retailer_id", "change_requests.supplier_id", "change_requests.id"],
        ),
        UniqueConstraint("change_request_id", "cause"),
        Index(None, "purchase_order_id"),
        Index(None, "supplier_id", "sequence"),
    )

    #: Its text is the message's idempotency key.
    id: Mapped[UUID] = mapped_column(primary_key=True)
    change_request_id: Mapped[UUID]
    purchase_order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    channel: Mapped[str]
    #: ``ask``, or ``withdraw``; the cause tells apart what was asked for when.
    purpose: Mapped[str]
    cause: Mapped[str]
    state: Mapped[str]
    #: The message's number (``Sending.sequence``).
    sequence: Mapped[int]
    tries: Mapped[int] = mapped_column(server_default="0")
    asked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    #: As of a transmission.
    problem: Mapped[str | None]
    words: Mapped[bytes | None]
    #: What the message says, the same on every try: by the lines' ids, ``stops``, the units that it asks to stop, and
    #: ``granted``, those that the request had been granted before; the ``note``, and by when to answer (``answer_by``).
    detail: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Transmission(Base):
    """A purchase order on its way to its supplier through a channel, and what is known of the outcome; the moves of
    ``state`` are in ``app.purchasing.transmission_rules``. ``attempt`` counts the times that somebody wanted it sent
    anew; tries of one attempt share its message."""

    __tablename__ = "transmissions"
    __tenancy__ = parties()
    __table_args__ = (
        UniqueConstraint("purchase_order_id", "channel", "attempt"),
        Index(None, "dispatch_id", postgresql_where=text("dispatch_id is not null")),
        Index(
            "ix_transmissions_open",
            "supplier_id",
            "due_at",
            postgresql_where=text("state in ('QUEUED', 'SENDING', 'OUTCOME_UNKNOWN', 'NOT_RECEIVED', 'REJECTED')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    channel: Mapped[str]
    attempt: Mapped[int]
    state: Mapped[str]
    #: The message that it is part of: its text is the idempotency key. Those sent together share it. None until it is
    #: put together, and where nothing is sent.
    dispatch_id: Mapped[UUID | None]
    #: The message's number (``Sending.sequence``); 0 without one.
    sequence: Mapped[int] = mapped_column(server_default="0")
    #: When it is to be sent: at once, or with the next batch.
    due_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0")
    asked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    probes: Mapped[int] = mapped_column(server_default="0")
    next_probe_at: Mapped[datetime | None]
    #: Since when a person is asked whether it arrived, because nothing else can tell.
    person_asked_at: Mapped[datetime | None]
    #: The supplier's own name of the order.
    reference: Mapped[str] = mapped_column(server_default="")
    #: A stable word for what went wrong, and the supplier's own words about it, sealed: they may hold what was sent.
    problem: Mapped[str | None]
    words: Mapped[bytes | None]
    #: ``lines``: the units that were told, by line; ``task``: which task sends it; ``by``: who ended the doubt.
    detail: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ChannelAnswer(Base):
    """An answer that came through a channel and was handled; the same one brought again changes nothing."""

    __tablename__ = "channel_answers"
    __tenancy__ = own("supplier_id")
    __table_args__ = (
        UniqueConstraint("supplier_id", "channel", "key"),
        Index(None, "purchase_order_id", postgresql_where=text("purchase_order_id is not null")),
        Index(
            "ix_channel_answers_unused",
            "supplier_id",
            postgresql_where=text("problem is not null and settled_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    supplier_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    channel: Mapped[str]
    key: Mapped[str]
    #: ``acknowledgement``, ``shipment``, ``invoice``, ``cancellation``, ``change``, ``receipt`` or ``unreadable``.
    kind: Mapped[str]
    purchase_order_id: Mapped[UUID | None]
    source: Mapped[str]
    #: Why it could not be applied, in words for the supplier; and whether that is because it names none of its orders.
    problem: Mapped[str | None]
    of_others: Mapped[bool] = mapped_column(server_default="false")
    #: When somebody put it away.
    settled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class SupplierInvoice(Base):
    """A supplier's own invoice for a purchase order, as it told it; money in minor units of ``currency``. What is paid
    follows the purchase order, never this; the two are compared."""

    __tablename__ = "supplier_invoices"
    __tenancy__ = parties()
    __table_args__ = (
        ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
        UniqueConstraint("purchase_order_id", "number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purchase_order_id: Mapped[UUID]
    retailer_id: Mapped[UUID]
    supplier_id: Mapped[UUID]
    channel: Mapped[str]
    number: Mapped[str]
    dated: Mapped[date]
    currency: Mapped[str]
    total: Mapped[int] = mapped_column(BIG)
    #: What the purchase order comes to without its withdrawn units, when the invoice came.
    expected: Mapped[int] = mapped_column(BIG)
    created_at: Mapped[datetime]


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
    #: What brought it about, and what is known of that: ``app.purchasing.routing.occasions``. None: it was not kept.
    occasion: Mapped[str | None]
    about: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    created_at: Mapped[datetime]
