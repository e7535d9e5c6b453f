"""How far an order's customer has paid, where that is not all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0257_unpaid_orders"
down_revision = "0256_orders_read_until"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("unpaid", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("orders", "unpaid")
