"""Where suppliers' categories belong in one tree, who confirmed it, and what was learnt from that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0013_categories"
down_revision = "0012_feed_choices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.add_column("categories", sa.Column("google_id", sa.Integer()))
    op.add_column("supplier_products", sa.Column("source_category", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "category_mappings",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("google_id", sa.Integer()),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid()),
        sa.Column("confirmed_at", moment),
        sa.Column("updated_at", moment, nullable=False),
        sa.UniqueConstraint("supplier_id", "source_key", name="uq_category_mappings_supplier_id_source_key"),
    )
    tenancy.own("category_mappings", "supplier_id")
    op.create_table(
        "category_lessons",
        sa.Column("source_key", sa.Text(), primary_key=True),
        sa.Column("google_id", sa.Integer(), primary_key=True),
        sa.Column("confirmations", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("category_lessons")
    op.drop_table("category_mappings")
    op.drop_column("supplier_products", "source_category")
    op.drop_column("categories", "google_id")
