"""Suppliers choose how much a file may differ before it is held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0018_feed_limits"
down_revision = "0017_feed_run_changes"
branch_labels = None
depends_on = None

_LIMITS = ("fewer_rows", "to_zero", "rejected", "other_currency", "median_price", "price_factor", "weights")


def upgrade() -> None:
    op.create_table(
        "feed_limits",
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _LIMITS),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["supplier_id"], ["suppliers.id"], name="fk_feed_limits_supplier_id"),
        sa.PrimaryKeyConstraint("supplier_id", name="pk_feed_limits"),
    )
    tenancy.own("feed_limits", "supplier_id")


def downgrade() -> None:
    op.drop_table("feed_limits")
