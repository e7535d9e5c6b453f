"""Until when each store's orders were read, so that those of an outage of any length are made up for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0256_orders_read_until"
down_revision = "0255_moved_prices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stores", sa.Column("orders_read_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("stores", "orders_read_until")
