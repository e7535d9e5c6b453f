"""Samples: suppliers' terms, the mark on orders, and retailers' own addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0061_samples"
down_revision = "0060_price_tiers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("orders", "purchase_orders"):
        op.add_column(table, sa.Column("kind", sa.Text(), server_default="order", nullable=False))
    op.create_table(
        "sample_terms",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), nullable=False),
        sa.Column("product_id", sa.Uuid(), sa.ForeignKey("supplier_products.id")),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("price", sa.BigInteger()),
        sa.Column("max_units", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint(
            "supplier_id", "product_id", name="uq_sample_terms_supplier_id_product_id", postgresql_nulls_not_distinct=True
        ),
    )
    op.create_table(
        "retailer_addresses",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("retailer_id", sa.Uuid(), sa.ForeignKey("organisations.id"), nullable=False),
        sa.Column("ship_to", sa.LargeBinary(), nullable=False),
        sa.Column("ship_to_country", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_retailer_addresses_retailer_id", "retailer_addresses", ["retailer_id"])
    tenancy.own("retailer_addresses", "retailer_id")


def downgrade() -> None:
    op.drop_table("retailer_addresses")
    op.drop_table("sample_terms")
    for table in ("purchase_orders", "orders"):
        op.drop_column(table, "kind")
