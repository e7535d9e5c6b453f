"""Orders that look risky: a store's rules, what its platform says, and by what orders are known to be alike."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations import tenancy

revision = "0152_risks"
down_revision = "0151_edited_orders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "stores",
        sa.Column("risk_rules", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    op.add_column(
        "suppliers", sa.Column("no_post_boxes", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    for column in ("address_key", "customer_key"):
        op.add_column("orders", sa.Column(column, sa.LargeBinary(), nullable=True))
        op.create_index(
            f"ix_orders_{column}",
            "orders",
            ["retailer_id", column, "created_at"],
            postgresql_where=sa.text(f"{column} is not null"),
        )
    op.create_table(
        "platform_risks",
        sa.Column("store_id", sa.Uuid(), primary_key=True),
        sa.Column("external_id", sa.Text(), primary_key=True),
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id", "store_id"], ["stores.retailer_id", "stores.id"]),
    )
    op.create_index(None, "platform_risks", ["told_at"])
    tenancy.own("platform_risks", "retailer_id")


def downgrade() -> None:
    op.drop_table("platform_risks")
    for column in ("address_key", "customer_key"):
        op.drop_column("orders", column)
    op.drop_column("suppliers", "no_post_boxes")
    op.drop_column("stores", "risk_rules")
