"""What a supplier asks once for a purchase order, frozen with it. Until now no supplier could ask anything, so that those
that are there have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0230_order_fee"
down_revision = "0207_store_senders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("purchase_orders", sa.Column("order_fee", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("purchase_orders", "order_fee")
