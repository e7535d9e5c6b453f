"""Customers' own requests to send something back, and how retailers let them ask."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA, JSONB

from migrations import tenancy

revision = "0162_shopper_returns"
down_revision = "0152_risks"
branch_labels = None
depends_on = None


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _id(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _of_request() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["retailer_id", "shopper_return_id"], ["shopper_returns.retailer_id", "shopper_returns.id"]
    )


def upgrade() -> None:
    op.create_table(
        "return_settings",
        sa.Column("retailer_id", sa.Uuid(), sa.ForeignKey("organisations.id"), primary_key=True),
        _flag("by_shoppers"),
        _flag("automatic"),
        sa.Column("photo_reasons", JSONB(), nullable=False),
        _moment("updated_at"),
    )
    op.create_table(
        "shopper_returns",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _id("retailer_id"),
        _id("order_id"),
        _text("state"),
        sa.Column("note", BYTEA(), nullable=True),
        _text("answer"),
        _text("decided_by", nullable=True),
        _moment("decided_at", nullable=True),
        _moment("created_at"),
        sa.UniqueConstraint("retailer_id", "id"),
        sa.ForeignKeyConstraint(["retailer_id", "order_id"], ["orders.retailer_id", "orders.id"]),
    )
    op.create_index(None, "shopper_returns", ["order_id"])
    op.create_index(None, "shopper_returns", ["retailer_id", "id"])
    op.create_index(
        "ix_shopper_returns_waiting",
        "shopper_returns",
        ["retailer_id"],
        postgresql_where=sa.text("state = 'WAITING'"),
    )
    op.create_table(
        "shopper_return_lines",
        sa.Column("shopper_return_id", sa.Uuid(), primary_key=True),
        sa.Column(
            "purchase_order_line_id", sa.Uuid(), sa.ForeignKey("purchase_order_lines.id"), primary_key=True
        ),
        _id("retailer_id"),
        _count("position"),
        _text("title"),
        _count("quantity"),
        _text("reason"),
        _id("return_id", nullable=True),
        _of_request(),
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
    )
    op.create_index(None, "shopper_return_lines", ["purchase_order_line_id"])
    op.create_table(
        "shopper_return_files",
        sa.Column("id", sa.Uuid(), primary_key=True),
        _id("shopper_return_id"),
        _id("retailer_id"),
        _text("file_key"),
        _text("media_type"),
        _count("size"),
        _text("sha256"),
        _moment("uploaded_at"),
        _of_request(),
    )
    op.create_index(None, "shopper_return_files", ["shopper_return_id"])
    for table in ("return_settings", "shopper_returns", "shopper_return_lines", "shopper_return_files"):
        tenancy.own(table, "retailer_id")


def downgrade() -> None:
    for table in ("shopper_return_files", "shopper_return_lines", "shopper_returns", "return_settings"):
        op.drop_table(table)
