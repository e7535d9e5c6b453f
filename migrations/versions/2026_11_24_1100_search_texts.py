"""Suppliers' own texts for search engines and pictures, which files leave alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_search_texts"
down_revision = "0013_categories"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("supplier_products", sa.Column("seo_title", sa.Text(), server_default="", nullable=False))
    op.add_column("supplier_products", sa.Column("seo_description", sa.Text(), server_default="", nullable=False))
    op.add_column("product_images", sa.Column("alt_owned", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    op.drop_column("product_images", "alt_owned")
    op.drop_column("supplier_products", "seo_description")
    op.drop_column("supplier_products", "seo_title")
