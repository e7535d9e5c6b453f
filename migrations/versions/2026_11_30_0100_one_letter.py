"""Which of an order's parcels its customer is written to about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0170_one_letter"
down_revision = "0141_shipping_labels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "store_fulfillments", sa.Column("tells_shopper", sa.Boolean(), server_default=sa.true(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("store_fulfillments", "tells_shopper")
