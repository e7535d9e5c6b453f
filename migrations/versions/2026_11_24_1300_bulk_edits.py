"""Changes of many products at once, with what they were before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import tenancy

revision = "0030_bulk_edits"
down_revision = "0021_feed_rollback"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bulk_edits",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), nullable=False),
        sa.Column("what", postgresql.JSONB(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.Column("left_alone", sa.Integer(), server_default="0", nullable=False),
        sa.UniqueConstraint("supplier_id", "id", name="uq_bulk_edits_supplier_id_id"),
    )
    op.create_table(
        "bulk_edit_changes",
        sa.Column("edit_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("after", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(
            ["supplier_id", "edit_id"],
            ["bulk_edits.supplier_id", "bulk_edits.id"],
            name="fk_bulk_edit_changes_supplier_id_edit_id",
        ),
        sa.PrimaryKeyConstraint("edit_id", "target_id", name="pk_bulk_edit_changes"),
    )
    for table in ("bulk_edits", "bulk_edit_changes"):
        tenancy.own(table, "supplier_id")


def downgrade() -> None:
    for table in ("bulk_edit_changes", "bulk_edits"):
        op.drop_table(table)
