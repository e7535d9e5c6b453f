"""What taking over a feed's file changed, with the values before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import tenancy

revision = "0017_feed_run_changes"
down_revision = "0015_onboarding"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_run_changes",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("created", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("before", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("after", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["supplier_id", "run_id"],
            ["feed_runs.supplier_id", "feed_runs.id"],
            name="fk_feed_run_changes_supplier_id_run_id",
        ),
        sa.PrimaryKeyConstraint("run_id", "kind", "target_id", name="pk_feed_run_changes"),
    )
    tenancy.own("feed_run_changes", "supplier_id")


def downgrade() -> None:
    op.drop_table("feed_run_changes")
