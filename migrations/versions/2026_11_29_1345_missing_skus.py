"""Which SKUs files brought, and what becomes of those that later files no longer name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0040_missing_skus"
down_revision = "0063_documents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_missing_policies",
        sa.Column("origin_id", sa.Uuid(), primary_key=True),
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("after_files", sa.Integer(), nullable=False),
        sa.Column("after_days", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "feed_brought",
        sa.Column("origin_id", sa.Uuid(), primary_key=True),
        sa.Column("variant_id", sa.Uuid(), primary_key=True),
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), nullable=False),
        sa.Column("first_run_id", sa.Uuid(), nullable=False),
        sa.Column("missing_run_id", sa.Uuid()),
        sa.Column("missing_since", sa.DateTime(timezone=True)),
        sa.Column("settled", sa.Text()),
        sa.Column("settled_run_id", sa.Uuid()),
    )
    op.create_index("ix_feed_brought_variant_id", "feed_brought", ["variant_id"])
    op.create_index(
        "ix_feed_brought_missing",
        "feed_brought",
        ["origin_id", "variant_id"],
        postgresql_where=sa.text("missing_run_id is not null and settled is null"),
    )
    for table in ("feed_missing_policies", "feed_brought"):
        tenancy.own(table, "supplier_id")


def downgrade() -> None:
    for table in ("feed_brought", "feed_missing_policies"):
        op.drop_table(table)
