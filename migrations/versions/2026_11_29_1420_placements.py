"""Placements of promoted products, and how often they are seen and followed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0062_placements"
down_revision = "0061_samples"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "placements",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), nullable=False),
        sa.Column("category_id", sa.Uuid(), sa.ForeignKey("categories.id")),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_placements_ends_on", "placements", ["ends_on"])
    op.create_index("ix_placements_supplier_id", "placements", ["supplier_id"])
    op.create_table(
        "placement_days",
        sa.Column("placement_id", sa.Uuid(), sa.ForeignKey("placements.id"), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("impressions", sa.Integer(), server_default="0", nullable=False),
        sa.Column("clicks", sa.Integer(), server_default="0", nullable=False),
    )
    tenancy.own("placement_days", "supplier_id")


def downgrade() -> None:
    op.drop_table("placement_days")
    op.drop_table("placements")
