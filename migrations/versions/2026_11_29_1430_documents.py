"""How retailers present themselves on papers, and which papers were printed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0063_documents"
down_revision = "0062_placements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brands",
        sa.Column("retailer_id", sa.Uuid(), sa.ForeignKey("organisations.id"), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("logo_sha256", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("website", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "printed_papers",
        sa.Column("purchase_order_id", sa.Uuid(), primary_key=True),
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("printed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["retailer_id", "supplier_id", "purchase_order_id"],
            ["purchase_orders.retailer_id", "purchase_orders.supplier_id", "purchase_orders.id"],
        ),
    )
    tenancy.parties("printed_papers")


def downgrade() -> None:
    op.drop_table("printed_papers")
    op.drop_table("brands")
