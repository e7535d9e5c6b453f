"""Plans, who has which, and the orders that are counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0196_plans"
down_revision = "0195_same_rows"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "plans",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("orders_a_month", sa.Integer()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.CheckConstraint("orders_a_month >= 0", name="orders_not_negative"),
    )
    op.create_table(
        "retailer_plans",
        sa.Column("retailer_id", sa.Uuid(), sa.ForeignKey("organisations.id"), primary_key=True),
        sa.Column("plan_id", sa.Uuid(), sa.ForeignKey("plans.id"), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
    )
    op.create_index(None, "retailer_plans", ["plan_id"])
    op.create_table(
        "counted_orders",
        sa.Column("order_id", sa.Uuid(), primary_key=True),
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("counted_at", _MOMENT, nullable=False),
    )
    op.create_index(None, "counted_orders", ["retailer_id", "month"])
    for table in ("retailer_plans", "counted_orders"):
        tenancy.own(table, "retailer_id")
    tenancy.append_only("counted_orders")


def downgrade() -> None:
    for table in ("counted_orders", "retailer_plans", "plans"):
        op.drop_table(table)
