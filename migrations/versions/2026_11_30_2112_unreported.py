"""After which day a parcel whose way nobody reports counts as arrived."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0254_unreported"
down_revision = "0253_trackers"
branch_labels = None
depends_on = None

_NAME = "ix_shipments_unreported"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("alter table shipments add column if not exists assumed_on date")
        op.execute("alter table shipments add column if not exists assumed_at timestamptz")
        op.execute("set statement_timeout = 0")
        op.execute(f"drop index concurrently if exists {_NAME}")
        op.create_index(
            _NAME,
            "shipments",
            ["id"],
            postgresql_where=sa.text(
                "shipment_status = 'shipped' and delivered_at is null and reported_by is null and assumed_at is null"
            ),
            postgresql_concurrently=True,
        )
        op.execute("set statement_timeout = 5000")


def downgrade() -> None:
    op.drop_index(_NAME, "shipments")
    op.drop_column("shipments", "assumed_at")
    op.drop_column("shipments", "assumed_on")
