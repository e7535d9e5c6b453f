"""The name by which a gateway follows a parcel whose label is from elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0253_trackers"
down_revision = "0252_reported_by"
branch_labels = None
depends_on = None

_NAME = "ix_shipments_trackers"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("alter table shipments add column if not exists tracker_ref text")
        op.execute("set statement_timeout = 0")
        op.execute(f"drop index concurrently if exists {_NAME}")
        op.create_index(
            _NAME,
            "shipments",
            ["tracker_ref"],
            postgresql_where=sa.text("tracker_ref is not null"),
            postgresql_concurrently=True,
        )
        op.execute("set statement_timeout = 5000")


def downgrade() -> None:
    op.drop_index(_NAME, "shipments")
    op.drop_column("shipments", "tracker_ref")
