"""Orders that are edited in their store: how far that was followed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0151_edited_orders"
down_revision = "0130_decisions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("supplements", sa.Uuid(), nullable=True))
    op.add_column("orders", sa.Column("store_updated_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("orders", sa.Column("store_address", sa.LargeBinary(), nullable=True))
    op.add_column("order_lines", sa.Column("store_quantity", sa.Integer(), nullable=True))
    op.create_foreign_key(
        None,
        "orders",
        "orders",
        ["retailer_id", "supplements"],
        ["retailer_id", "id"],
        postgresql_not_valid=True,
    )
    op.execute("alter table orders validate constraint fk_orders_retailer_id_supplements")
    op.create_index(
        "ix_orders_supplements", "orders", ["supplements"], postgresql_where=sa.text("supplements is not null")
    )


def downgrade() -> None:
    op.drop_column("order_lines", "store_quantity")
    op.drop_column("orders", "store_address")
    op.drop_column("orders", "store_updated_at")
    op.drop_column("orders", "supplements")
