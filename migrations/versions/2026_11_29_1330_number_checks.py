"""What a parcel's number says of its carrier."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032_number_checks"
down_revision = "0031_feed_marks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shipments", sa.Column("number_check", sa.Text(), server_default="unknown", nullable=False))


def downgrade() -> None:
    op.drop_column("shipments", "number_check")
