"""Shipping by weight and value, cut-off hours, and days on which suppliers are closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008_shipping"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("suppliers", sa.Column("cutoff_hour", sa.Integer()))
    op.add_column("shipping_rates", sa.Column("method", sa.Text(), server_default="standard", nullable=False))
    op.add_column("shipping_rates", sa.Column("price_by", sa.Text(), server_default="item", nullable=False))
    op.add_column("shipping_rates", sa.Column("tiers", postgresql.JSONB(), server_default="[]", nullable=False))
    op.create_table(
        "supplier_closures",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_supplier_closures_supplier_id_ends_on", "supplier_closures", ["supplier_id", "ends_on"])


def downgrade() -> None:
    op.drop_table("supplier_closures")
    for column in ("tiers", "price_by", "method"):
        op.drop_column("shipping_rates", column)
    op.drop_column("suppliers", "cutoff_hour")
