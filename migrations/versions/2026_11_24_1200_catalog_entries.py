"""What retailers search: an entry per active product, the words that are known, and synonyms.

The entries of products that are there already are written by the job ``mend_catalogue`` within minutes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019_catalog_entries"
down_revision = "0018_feed_limits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "catalog_entries",
        sa.Column("product_id", sa.Uuid(), sa.ForeignKey("supplier_products.id"), primary_key=True),
        sa.Column("supplier_id", sa.Uuid(), sa.ForeignKey("suppliers.id"), nullable=False),
        sa.Column("category_id", sa.Uuid(), sa.ForeignKey("categories.id")),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("brand", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("lowest_wholesale", sa.BigInteger(), nullable=False),
        sa.Column("highest_wholesale", sa.BigInteger(), nullable=False),
        sa.Column("msrp", sa.BigInteger()),
        sa.Column("margin_bps", sa.Integer(), nullable=False),
        sa.Column("reliability", sa.Integer(), nullable=False),
        sa.Column("variants", sa.Integer(), nullable=False),
        sa.Column("in_stock", sa.Boolean(), nullable=False),
        sa.Column("has_gtin", sa.Boolean(), nullable=False),
        sa.Column("picture_url", sa.Text()),
        sa.Column("picture_sha256", sa.Text()),
        sa.Column("listed_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        postgresql_with={"fillfactor": "90"},
    )
    op.create_index("ix_catalog_entries_words", "catalog_entries", ["words"], postgresql_using="gin")
    for columns in (
        ("listed_at", "product_id"),
        ("changed_at", "product_id"),
        ("lowest_wholesale", "product_id"),
        ("margin_bps", "product_id"),
        ("reliability", "product_id"),
        ("title", "product_id"),
        ("supplier_id", "listed_at", "product_id"),
    ):
        op.create_index(f"ix_catalog_entries_{'_'.join(columns)}", "catalog_entries", list(columns))
    op.create_table(
        "catalog_words",
        sa.Column("word", sa.Text(), primary_key=True),
        sa.Column("learned_at", moment, nullable=False),
    )
    op.create_index(
        "ix_catalog_words_trigrams",
        "catalog_words",
        ["word"],
        postgresql_using="gin",
        postgresql_ops={"word": "gin_trgm_ops"},
    )
    op.create_index("ix_catalog_words_learned_at", "catalog_words", ["learned_at"])
    op.create_table(
        "catalog_synonyms",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("words", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("updated_at", moment, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("catalog_synonyms")
    op.drop_table("catalog_words")
    op.drop_table("catalog_entries")
