"""Indexes of one supplier's products in the orders by price, margin and title."""

from __future__ import annotations

from alembic import op

revision = "0100_supplier_orders"
down_revision = "0160_exceptions"
branch_labels = None
depends_on = None

_COLUMNS = ("lowest_wholesale", "margin_bps", "title")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # Building takes longer than a statement may, where there are many products.
        op.execute("set statement_timeout = 0")
        for column in _COLUMNS:
            op.execute(f"drop index concurrently if exists {_name(column)}")
            op.create_index(
                _name(column),
                "catalog_entries",
                ["supplier_id", column, "product_id"],
                postgresql_concurrently=True,
            )
        op.execute("set statement_timeout = 5000")


def downgrade() -> None:
    for column in _COLUMNS:
        op.drop_index(_name(column), "catalog_entries")


def _name(column: str) -> str:
    return f"ix_catalog_entries_supplier_id_{column}_product_id"
