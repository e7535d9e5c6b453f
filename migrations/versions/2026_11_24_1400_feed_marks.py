"""Marks of products by which a file's unchanged rows are known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0031_feed_marks"
down_revision = "0030_bulk_edits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed_rows", sa.Column("same", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("feed_rows", sa.Column("mark", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "feed_marks",
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), primary_key=True),
        sa.Column("product_id", sa.Uuid(), sa.ForeignKey("supplier_products.id"), primary_key=True),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("product_changed", sa.DateTime(timezone=True), nullable=False),
        sa.Column("variants", sa.Integer(), nullable=False),
        sa.Column("variants_changed", sa.Numeric(), nullable=False),
    )
    tenancy.own("feed_marks", "supplier_id")
    op.execute("alter table inventory_levels set (fillfactor = 50)")
    op.drop_constraint("fk_feed_rows_supplier_id_run_id", "feed_rows", type_="foreignkey")


def downgrade() -> None:
    op.create_foreign_key(
        "fk_feed_rows_supplier_id_run_id", "feed_rows", "feed_runs", ["supplier_id", "run_id"], ["supplier_id", "id"]
    )
    op.execute("alter table inventory_levels set (fillfactor = 80)")
    op.drop_table("feed_marks")
    op.drop_column("feed_rows", "mark")
    op.drop_column("feed_rows", "same")
