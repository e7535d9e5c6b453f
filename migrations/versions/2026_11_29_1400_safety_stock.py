"""Units that are never sold, and when little is left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041_safety_stock"
down_revision = "0040_missing_skus"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stock_defaults",
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), primary_key=True),
        sa.Column("safety_stock", sa.Integer(), nullable=False),
        sa.Column("low_stock_at", sa.Integer()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("safety_stock >= 0", name="ck_stock_defaults_safety_stock_not_negative"),
    )
    op.create_table(
        "stock_rules",
        sa.Column("variant_id", sa.Uuid(), sa.ForeignKey("supplier_variants.id"), primary_key=True),
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), nullable=False),
        sa.Column("safety_stock", sa.Integer()),
        sa.Column("low_stock_at", sa.Integer()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("safety_stock >= 0", name="ck_stock_rules_safety_stock_not_negative"),
    )
    op.create_table(
        "low_stock",
        sa.Column("variant_id", sa.Uuid(), sa.ForeignKey("supplier_variants.id"), primary_key=True),
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_low_stock_supplier_id", "low_stock", ["supplier_id"])
    op.create_index(
        "ix_low_stock_untold", "low_stock", ["supplier_id"], postgresql_where=sa.text("told_at is null")
    )


def downgrade() -> None:
    for table in ("low_stock", "stock_rules", "stock_defaults"):
        op.drop_table(table)
