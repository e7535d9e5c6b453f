"""Unchanged rows of a feed's run, kept together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0195_same_rows"
down_revision = "0191_store_returns"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_same",
        sa.Column("run_id", sa.Uuid(), primary_key=True),
        sa.Column("first_row", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("last_row", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        sa.Column("products", sa.Integer(), nullable=False),
        sa.Column("row_numbers", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("variants", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("stocks", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("had_stock", sa.Integer(), nullable=False),
        sa.Column("weighed", sa.Integer(), nullable=False),
    )
    tenancy.own("feed_same", "supplier_id")


def downgrade() -> None:
    # Such rows are nowhere else; their runs are undone from what they changed, which they did not.
    op.drop_table("feed_same")
