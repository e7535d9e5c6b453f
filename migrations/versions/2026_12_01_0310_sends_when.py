"""How far a store's orders are paid before suppliers have them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0271_sends_when"
down_revision = "0270_beside_goods"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stores", sa.Column("sends_when", sa.Text(), nullable=False, server_default="paid"))
    op.create_index(
        "ix_orders_withdrawn", "orders", ["retailer_id"], postgresql_where=sa.text("unpaid = 'withdrawn'")
    )


def downgrade() -> None:
    op.drop_index("ix_orders_withdrawn", "orders")
    op.drop_column("stores", "sends_when")
