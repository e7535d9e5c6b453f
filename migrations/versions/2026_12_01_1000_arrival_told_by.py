"""Who told that a parcel arrived."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0272_arrival_told_by"
down_revision = "0272_short_words"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shipments", sa.Column("arrival_told_by", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("shipments", "arrival_told_by")
