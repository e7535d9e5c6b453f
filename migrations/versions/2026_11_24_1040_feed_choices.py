"""A confirmed mapping also says what values mean."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012_feed_choices"
down_revision = "0011_media"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "feed_mappings", sa.Column("choices", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("feed_mappings", "choices")
