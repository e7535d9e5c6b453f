"""How long a store's paid orders wait before they are sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0070_fraud_window"
down_revision = "0066_returns"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stores", sa.Column("fraud_window_minutes", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("stores", "fraud_window_minutes")
