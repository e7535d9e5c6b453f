"""How many days away a supplier may promise goods without its retailer being asked whether to wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0260_backorder_days"
down_revision = "0259_unused_answers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("answer_rules", sa.Column("backorder_days", sa.Integer(), server_default="30", nullable=False))


def downgrade() -> None:
    op.drop_column("answer_rules", "backorder_days")
