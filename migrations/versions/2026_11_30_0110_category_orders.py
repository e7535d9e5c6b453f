"""An index of a category's products in the orders by price and rating."""

from __future__ import annotations

from alembic import op

revision = "0175_category_orders"
down_revision = "0172_carried_charges"
branch_labels = None
depends_on = None

_NAME = "ix_catalog_entries_category_prices"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # Building takes longer than a statement may, where there are many products.
        op.execute("set statement_timeout = 0")
        op.execute(f"drop index concurrently if exists {_NAME}")
        op.create_index(
            _NAME,
            "catalog_entries",
            ["category_id", "lowest_wholesale", "product_id"],
            postgresql_include=["highest_wholesale", "reliability", "supplier_id"],
            postgresql_concurrently=True,
        )
        op.execute("set statement_timeout = 5000")


def downgrade() -> None:
    op.drop_index(_NAME, "catalog_entries")
