"""Figures of a file that say what stands are noted together, by one row for their origin. Levels that are there belong to
none yet: their next file notes each of them once more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0247_confirmed_together"
down_revision = "0246_tracking_link"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stock_confirmations",
        sa.Column("origin_id", sa.Uuid(), primary_key=True),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["supplier_id"], ["suppliers.id"]),
    )
    op.add_column("inventory_levels", sa.Column("confirmed_by", sa.Uuid()))


def downgrade() -> None:
    op.execute(
        "update inventory_levels as level set as_of = confirmation.as_of from stock_confirmations as confirmation "
        "where confirmation.origin_id = level.confirmed_by and confirmation.as_of > level.as_of"
    )
    op.drop_column("inventory_levels", "confirmed_by")
    op.drop_table("stock_confirmations")
