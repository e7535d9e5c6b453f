"""Runs of files can be stopped and undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021_feed_rollback"
down_revision = "0016_api_key_rotation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed_runs", sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("feed_runs", sa.Column("rolled_back_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("feed_run_changes", sa.Column("undone", postgresql.JSONB(), nullable=True))
    op.add_column(
        "supplier_products", sa.Column("ended_by_feed", sa.Boolean(), server_default="false", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("supplier_products", "ended_by_feed")
    op.drop_column("feed_run_changes", "undone")
    op.drop_column("feed_runs", "rolled_back_at")
    op.drop_column("feed_runs", "cancelled_at")
