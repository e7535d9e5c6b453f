"""What brought each choice of an order's suppliers about. Of those before it was not kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0280_routing_occasions"
down_revision = "0273_returns_followed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("routing_decisions", sa.Column("occasion", sa.Text(), nullable=True))
    op.add_column("routing_decisions", sa.Column("about", JSONB(), server_default="{}", nullable=False))


def downgrade() -> None:
    op.drop_column("routing_decisions", "about")
    op.drop_column("routing_decisions", "occasion")
