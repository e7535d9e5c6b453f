"""A supplier's own products are searched among its own: an index of all suppliers' words by their trigrams took more than
half of the time of writing a product, and found those of all others first."""

from __future__ import annotations

from alembic import op

revision = "0251_own_products_by_supplier"
down_revision = "0250_new_rows"
branch_labels = None
depends_on = None

_NAME = "ix_supplier_products_trigrams"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("set statement_timeout = 0")
        op.execute(f"drop index concurrently if exists {_NAME}")
        op.execute("set statement_timeout = 5000")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("set statement_timeout = 0")
        # One that was left half made by an attempt that was cut off is made anew.
        op.execute(f"drop index concurrently if exists {_NAME}")
        op.execute(
            f"create index concurrently {_NAME} on supplier_products using gin (search_text gin_trgm_ops)"
        )
        op.execute("set statement_timeout = 5000")
