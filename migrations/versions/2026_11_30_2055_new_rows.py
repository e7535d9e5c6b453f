"""New rows of a feed's run, kept together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations import tenancy

revision = "0250_new_rows"
down_revision = "0247_confirmed_together"
branch_labels = None
depends_on = None

_NUMBERS = ("row_numbers", "products", "weights", "stocks")
_PRICES = ("costs", "msrps", "maps")
_TEXTS = (
    "skus", "options", "tiers", "gtins", "handles", "titles", "descriptions", "brands", "categories", "tags",
    "statuses", "images", "option_names", "marks",
)  # fmt: skip


def upgrade() -> None:
    kinds = {
        **dict.fromkeys(_NUMBERS, sa.Integer()),
        **dict.fromkeys(_PRICES, sa.BigInteger()),
        **dict.fromkeys(_TEXTS, sa.Text()),
        "alike": sa.Boolean(),
    }
    op.create_table(
        "feed_new",
        sa.Column("run_id", sa.Uuid(), primary_key=True),
        sa.Column("first_row", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("last_row", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.ARRAY(kind), nullable=False) for name, kind in kinds.items()),
    )
    # They are read once or twice: compressing them takes longer than writing them.
    for name in kinds:
        op.execute(f"alter table feed_new alter column {name} set storage external")
    tenancy.own("feed_new", "supplier_id")


def downgrade() -> None:
    # Files may wait with such rows: they become rows of their run.
    op.execute("set local role crossdock_job")
    op.execute(
        """
        with told as materialized (
            select block.run_id, block.first_row, one.* from feed_new as block cross join lateral unnest(
                block.row_numbers, block.products, block.skus, block.options, block.costs, block.msrps, block.maps,
                block.tiers, block.gtins, block.weights, block.stocks
            ) as one(row, product, sku, options, cost, msrp, map, tiers, gtin, weight_grams, stock)
        ), product as materialized (
            select block.run_id, block.first_row, block.supplier_id, one.*
            from feed_new as block cross join lateral unnest(
                block.handles, block.titles, block.descriptions, block.brands, block.categories, block.tags,
                block.statuses, block.images, block.marks
            ) with ordinality as one(handle, title, description, brand, category, tags, status, images, mark, product)
        )
        insert into feed_rows (run_id, row, supplier_id, handle, sku, action, record, changes, problems, mark)
        select told.run_id, told.row, product.supplier_id, product.handle, told.sku, 'new',
            jsonb_build_object(
                'title', coalesce(product.title, ''), 'description', coalesce(product.description, ''),
                'brand', coalesce(product.brand, ''), 'category', coalesce(product.category, ''),
                'tags', product.tags::jsonb, 'status', product.status, 'images', product.images::jsonb,
                'options', told.options::jsonb, 'cost', told.cost, 'msrp', told.msrp, 'map', told.map,
                'weight_grams', told.weight_grams, 'gtin', told.gtin
            ) || jsonb_strip_nulls(jsonb_build_object('tiers', told.tiers::jsonb, 'stock', told.stock)),
            '{}', '[]', coalesce(product.mark, '')
        from told full join product using (run_id, first_row, product)
        """
    )
    op.execute("reset role")
    op.drop_table("feed_new")
