"""A file is held, too, where the wholesale prices of many SKUs move far. Suppliers that chose limits get the usual ones
of these."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0255_moved_prices"
down_revision = "0254_unreported"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, usual in (("moved_prices", "20"), ("moved_by", "25")):
        op.add_column("feed_limits", sa.Column(name, sa.Integer(), nullable=False, server_default=usual))


def downgrade() -> None:
    op.drop_column("feed_limits", "moved_by")
    op.drop_column("feed_limits", "moved_prices")
