"""What a store's people were told of units that do not come as ordered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0233_stores_told"
down_revision = "0231_answers_of_others"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("order_decisions", sa.Column("store_told", sa.Text()))
    op.add_column("order_decisions", sa.Column("store_told_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("order_decisions", "store_told_at")
    op.drop_column("order_decisions", "store_told")
