"""Suppliers' channels: their settings, transmissions with their outcome, answers by machine, and suppliers' invoices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import tenancy

revision = "0110_supplier_channels"
down_revision = "0070_fraud_window"
branch_labels = None
depends_on = None

_PARTIES = ("retailer_id", "supplier_id")


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _text(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable, server_default=default)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.JSONB(), nullable=False)


def _sealed(name: str) -> sa.Column[bytes]:
    return sa.Column(name, postgresql.BYTEA(), nullable=True)


def upgrade() -> None:
    op.create_table(
        "channel_settings",
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("organisations.id"), primary_key=True),
        _text("channel"),
        _json("values"),
        _sealed("secrets"),
        _json("marks"),
        _json("schedule"),
        _count("sequence"),
        _moment("worked_at"),
        _moment("failing_since"),
        _count("failures"),
        _text("problem", nullable=True),
        _sealed("words"),
        *(_moment(name) for name in ("next_poll_at", "polled_at", "tested_at")),
        _text("changed_by"),
        *(_moment(name, nullable=False) for name in ("created_at", "updated_at")),
    )
    op.create_index(
        "ix_channel_settings_poll",
        "channel_settings",
        ["next_poll_at"],
        postgresql_where=sa.text("next_poll_at is not null"),
    )
    op.create_table(
        "channel_answers",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("organisations.id"), nullable=False),
        *(_text(name) for name in ("channel", "key", "kind")),
        _id("purchase_order_id", nullable=True),
        _text("source"),
        _text("problem", nullable=True),
        _moment("created_at", nullable=False),
        sa.UniqueConstraint("supplier_id", "channel", "key"),
    )
    op.create_index(
        None,
        "channel_answers",
        ["purchase_order_id"],
        postgresql_where=sa.text("purchase_order_id is not null"),
    )
    op.create_table(
        "supplier_invoices",
        sa.Column("id", sa.Uuid(), primary_key=True),
        *(_id(name) for name in ("purchase_order_id", *_PARTIES)),
        *(_text(name) for name in ("channel", "number")),
        sa.Column("dated", sa.Date(), nullable=False),
        _text("currency"),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        _moment("created_at", nullable=False),
        sa.ForeignKeyConstraint(
            [*_PARTIES, "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
        sa.UniqueConstraint("purchase_order_id", "number"),
    )
    for table in ("channel_settings", "channel_answers"):
        tenancy.own(table, "supplier_id")
    tenancy.parties("supplier_invoices")
    for column in (
        _id("dispatch_id", nullable=True),
        _count("sequence"),
        _count("tries"),
        _count("probes"),
        *(_moment(name) for name in ("due_at", "asked_at", "answered_at", "next_probe_at", "person_asked_at")),
        _text("reference", default=""),
        _text("problem", nullable=True),
        _sealed("words"),
    ):
        op.add_column("transmissions", column)
    with op.get_context().autocommit_block():
        op.create_index(
            None,
            "transmissions",
            ["dispatch_id"],
            postgresql_where=sa.text("dispatch_id is not null"),
            postgresql_concurrently=True,
        )
        op.create_index(
            "ix_transmissions_open",
            "transmissions",
            ["supplier_id", "due_at"],
            postgresql_where=sa.text("state in ('QUEUED', 'SENDING', 'OUTCOME_UNKNOWN', 'NOT_RECEIVED', 'REJECTED')"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    for name in ("ix_transmissions_open", "ix_transmissions_dispatch_id"):
        op.drop_index(name, "transmissions")
    for column in (
        *("dispatch_id", "sequence", "tries", "probes", "due_at", "asked_at", "answered_at"),
        *("next_probe_at", "person_asked_at", "reference", "problem", "words"),
    ):
        op.drop_column("transmissions", column)
    for table in ("supplier_invoices", "channel_answers", "channel_settings"):
        op.drop_table(table)
