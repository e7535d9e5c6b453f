"""Order lines that no supplier's variant is linked to, and what retailers say of their stores' articles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0180_unlinked_lines"
down_revision = "0170_one_letter"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("stores", sa.Column("unlinked_lines", sa.Text(), server_default="like_ours", nullable=False))
    op.create_table(
        "store_links",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("link_key", sa.Text(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), sa.ForeignKey("supplier_variants.id")),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["retailer_id", "store_id"], ["stores.retailer_id", "stores.id"]),
        sa.UniqueConstraint("store_id", "link_key"),
    )
    op.create_table(
        "unlinked_lines",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("retailer_id", sa.Uuid(), nullable=False),
        sa.Column("store_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("external_line_id", sa.Text(), nullable=False),
        sa.Column("external_product_id", sa.Text()),
        sa.Column("link_key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("retail_price", sa.BigInteger()),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["retailer_id", "order_id"], ["orders.retailer_id", "orders.id"]),
        sa.UniqueConstraint("order_id", "external_line_id"),
        sa.CheckConstraint("quantity >= 0", name="quantity_not_negative"),
    )
    op.create_index(
        "ix_unlinked_lines_waiting",
        "unlinked_lines",
        ["store_id", "link_key"],
        postgresql_where=sa.text("state = 'waiting'"),
    )
    for table in ("store_links", "unlinked_lines"):
        tenancy.own(table, "retailer_id")


def downgrade() -> None:
    op.drop_table("unlinked_lines")
    op.drop_table("store_links")
    op.drop_column("stores", "unlinked_lines")
