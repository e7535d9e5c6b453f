"""Which lines each of a store's fulfilment orders has, where one location has several of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0282_split_fulfilment"
down_revision = "0281_ship_by_days"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "purchase_orders", sa.Column("external_fulfillment_lines", JSONB(), server_default="{}", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("purchase_orders", "external_fulfillment_lines")
