"""When an order's customer was told that it comes in several parcels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0261_parcels_told"
down_revision = "0260_backorder_days"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("parcels_told_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("orders", "parcels_told_at")
