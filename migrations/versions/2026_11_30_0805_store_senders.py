"""The sender that a store wants on its parcels, and a frozen copy with each purchase order. Those that are there have
none, since no store had one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0207_store_senders"
down_revision = "0205_one_key_of_variants"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "store_senders",
        sa.Column("store_id", sa.Uuid(), primary_key=True),
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("sender", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id", "store_id"], ["stores.retailer_id", "stores.id"]),
    )
    tenancy.own("store_senders", "retailer_id")
    op.add_column("purchase_orders", sa.Column("sender", sa.LargeBinary()))


def downgrade() -> None:
    op.drop_column("purchase_orders", "sender")
    op.drop_table("store_senders")
