"""The work of a store that had not ended when it was asked for a refund anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0240_stuck_refunds"
down_revision = "0233_stores_told"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("store_refunds", sa.Column("stuck", sa.Text()))


def downgrade() -> None:
    op.drop_column("store_refunds", "stuck")
