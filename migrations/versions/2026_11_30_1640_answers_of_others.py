"""Whether an answer of a supplier's system names no order of that supplier's, which was told by its words until now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0231_answers_of_others"
down_revision = "0230_order_fee"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("channel_answers", sa.Column("of_others", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    op.drop_column("channel_answers", "of_others")
