"""An index of parcels by their numbers."""

from __future__ import annotations

from alembic import op

revision = "0197_parcel_numbers"
down_revision = "0196_plans"
branch_labels = None
depends_on = None

_NAME = "ix_shipments_tracking_number_retailer_id"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # Building takes longer than a statement may, where there are many parcels.
        op.execute("set statement_timeout = 0")
        op.execute(f"drop index concurrently if exists {_NAME}")
        op.create_index(_NAME, "shipments", ["tracking_number", "retailer_id"], postgresql_concurrently=True)
        op.execute("set statement_timeout = 5000")


def downgrade() -> None:
    op.drop_index(_NAME, "shipments")
