"""Which order replaces what a return brings back, and for which reasons suppliers want a photo."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0163_exchanges"
down_revision = "0162_shopper_returns"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("returns", sa.Column("exchange_order_id", sa.Uuid()))
    op.add_column("returns", sa.Column("photo_wanted", sa.Boolean(), server_default="false", nullable=False))
    op.add_column(
        "return_policies",
        sa.Column("photo_reasons", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("return_policies", "photo_reasons")
    op.drop_column("returns", "photo_wanted")
    op.drop_column("returns", "exchange_order_id")
