"""Indexes of the catalogue's orders that hold what lists are filtered by."""

from __future__ import annotations

from alembic import op

revision = "0068_catalog_orders"
down_revision = "0067_fewer_foreign_keys"
branch_labels = None
depends_on = None

_COLUMNS = ("listed_at", "lowest_wholesale", "margin_bps", "reliability", "title")
_HELD = ["lowest_wholesale", "highest_wholesale", "supplier_id", "category_id", "brand"]


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # Building takes longer than a statement may, where there are many products.
        op.execute("set statement_timeout = 0")
        for column in _COLUMNS:
            op.execute(f"drop index concurrently if exists ix_catalog_entries_by_{column}")
            op.create_index(
                f"ix_catalog_entries_by_{column}",
                "catalog_entries",
                [column, "product_id"],
                postgresql_include=[one for one in _HELD if one != column],
                postgresql_concurrently=True,
            )
            op.execute(f"drop index concurrently if exists ix_catalog_entries_{column}_product_id")
        op.execute("set statement_timeout = 5000")


def downgrade() -> None:
    for column in _COLUMNS:
        op.create_index(f"ix_catalog_entries_{column}_product_id", "catalog_entries", [column, "product_id"])
        op.drop_index(f"ix_catalog_entries_by_{column}", "catalog_entries")
