"""Refunds that retailers' stores give to their customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0190_store_refunds"
down_revision = "0185_change_messages"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("order_decisions", sa.Column("refund_customer", sa.Boolean()))
    op.add_column("stores", sa.Column("refunds_customers", sa.Boolean(), server_default="false", nullable=False))
    op.create_table(
        "store_refunds",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("return_id", sa.Uuid()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("shipping", sa.Boolean(), nullable=False),
        sa.Column("notify", sa.Boolean(), nullable=False),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Text()),
        sa.Column("external_id", sa.Text()),
        sa.Column("made_amount", sa.BigInteger()),
        sa.Column("made_currency", sa.Text()),
        sa.Column("cancelled", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("refusal", sa.Text()),
        sa.Column("refusal_text", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("order_id", "cause"),
        sa.UniqueConstraint("retailer_id", "id"),
        sa.ForeignKeyConstraint(
            ["retailer_id", "order_id"],
            ["orders.retailer_id", "orders.id"],
            name="fk_store_refunds_retailer_id_orders",
        ),
        sa.ForeignKeyConstraint(
            ["retailer_id", "store_id"],
            ["stores.retailer_id", "stores.id"],
            name="fk_store_refunds_retailer_id_stores",
        ),
    )
    op.create_index(None, "store_refunds", ["retailer_id", "id"])
    op.create_index(
        "ix_store_refunds_open",
        "store_refunds",
        ["retailer_id"],
        postgresql_where=sa.text("state in ('ASKED', 'REFUSED')"),
    )
    op.create_table(
        "store_refund_lines",
        sa.Column("store_refund_id", sa.Uuid(), primary_key=True),
        sa.Column(
            "order_line_id",
            sa.Uuid(),
            sa.ForeignKey("order_lines.id", name="fk_store_refund_lines_order_line_id_order_lines"),
            primary_key=True,
        ),
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("owed", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["retailer_id", "store_refund_id"],
            ["store_refunds.retailer_id", "store_refunds.id"],
            name="fk_store_refund_lines_retailer_id_store_refunds",
        ),
        sa.CheckConstraint("units > 0", name="ck_store_refund_lines_units_positive"),
        sa.CheckConstraint("owed >= 0 and owed <= units", name="ck_store_refund_lines_owed_within"),
    )
    op.create_index("ix_store_refund_lines_order_line_id", "store_refund_lines", ["order_line_id"])
    for table in ("store_refunds", "store_refund_lines"):
        tenancy.own(table, "retailer_id")


def downgrade() -> None:
    op.drop_table("store_refund_lines")
    op.drop_table("store_refunds")
    op.drop_column("stores", "refunds_customers")
    op.drop_column("order_decisions", "refund_customer")
