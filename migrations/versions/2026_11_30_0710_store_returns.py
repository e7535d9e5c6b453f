"""Returns that stand in retailers' stores."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0191_store_returns"
down_revision = "0190_store_refunds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "store_returns",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shopper_return_id", sa.Uuid()),
        sa.Column("told", sa.Text()),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("store_id", "external_id"),
        sa.ForeignKeyConstraint(
            ["retailer_id", "store_id"],
            ["stores.retailer_id", "stores.id"],
            name="fk_store_returns_retailer_id_stores",
        ),
        sa.ForeignKeyConstraint(
            ["retailer_id", "order_id"],
            ["orders.retailer_id", "orders.id"],
            name="fk_store_returns_retailer_id_orders",
        ),
        sa.ForeignKeyConstraint(
            ["retailer_id", "shopper_return_id"],
            ["shopper_returns.retailer_id", "shopper_returns.id"],
            name="fk_store_returns_retailer_id_shopper_returns",
        ),
    )
    op.create_index("ix_store_returns_order_id", "store_returns", ["order_id"])
    op.create_index("ix_store_returns_shopper_return_id", "store_returns", ["shopper_return_id"])
    tenancy.own("store_returns", "retailer_id")


def downgrade() -> None:
    op.drop_table("store_returns")
