"""Of a backordered line some units may go at once: how many is counted. Of lines that were backordered before, none do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0258_units_at_once"
down_revision = "0257_unpaid_orders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("purchase_order_lines", sa.Column("at_once", sa.Integer(), server_default="0", nullable=False))
    op.create_check_constraint(
        "at_once_within", "purchase_order_lines", "at_once >= 0 and at_once <= quantity", postgresql_not_valid=True
    )
    op.execute("alter table purchase_order_lines validate constraint ck_purchase_order_lines_at_once_within")


def downgrade() -> None:
    op.drop_constraint("at_once_within", "purchase_order_lines", type_="check")
    op.drop_column("purchase_order_lines", "at_once")
