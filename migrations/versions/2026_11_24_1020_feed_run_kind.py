"""A file may hold figures and prices of known products alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010_run_kind"
down_revision = "0009_sources"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed_runs", sa.Column("kind", sa.Text(), server_default="full", nullable=False))


def downgrade() -> None:
    op.drop_column("feed_runs", "kind")
