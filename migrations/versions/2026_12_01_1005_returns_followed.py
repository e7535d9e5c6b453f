"""By which name a gateway follows a return's parcel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0273_returns_followed"
down_revision = "0272_arrival_told_by"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("returns", sa.Column("tracker_ref", sa.Text(), nullable=True))
    op.create_index(
        "ix_returns_tracker_ref", "returns", ["tracker_ref"], postgresql_where=sa.text("tracker_ref is not null")
    )


def downgrade() -> None:
    op.drop_index("ix_returns_tracker_ref", "returns")
    op.drop_column("returns", "tracker_ref")
