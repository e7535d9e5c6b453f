"""What a store gave back, in the currency that its customer paid in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0241_customer_amount"
down_revision = "0240_stuck_refunds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("store_refunds", sa.Column("customer_amount", sa.BigInteger()))
    op.add_column("store_refunds", sa.Column("customer_currency", sa.Text()))


def downgrade() -> None:
    op.drop_column("store_refunds", "customer_currency")
    op.drop_column("store_refunds", "customer_amount")
