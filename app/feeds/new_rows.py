"""Rows of new products, which are kept together as columns (``FeedNew``), as statements read them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, func, select, text

from app.feeds.models import FeedNew, FeedRow

#: A block's columns: the array in the table → its name in ``ROWS_OF`` and ``PRODUCTS_OF``.
OF_ROWS = {
    "row_numbers": "row", "products": "product", "skus": "sku", "options": "options", "costs": "cost", "msrps": "msrp",
    "maps": "map", "tiers": "tiers", "gtins": "gtin", "weights": "weight_grams", "stocks": "stock",
}  # fmt: skip
OF_PRODUCTS = {
    "handles": "handle", "titles": "title", "descriptions": "description", "brands": "brand", "categories": "category",
    "tags": "tags", "statuses": "status", "images": "images", "option_names": "option_names", "alike": "alike",
    "marks": "mark",
}  # fmt: skip


def _unnested(columns: dict[str, str], name: str, place: str) -> str:
    arrays = ", ".join(f"block.{array}" for array in columns)
    return f"unnest({arrays}) with ordinality as {name}({', '.join(columns.values())}, {place})"


#: SQL for the rows of a ``block`` of ``feed_new``, as ``told`` with ``place`` counted from 1, and for its products, as
#: ``product`` with ``product``. An array of one empty text is kept as an empty one, so texts of products are to be
#: taken for '' where they are null.
ROWS_OF = _unnested(OF_ROWS, "told", "place")
PRODUCTS_OF = _unnested(OF_PRODUCTS, "product", "product")

#: SQL for the rows of a run (``:run``) that name an SKU: it, and whether the row can be taken over.
NAMED = """(
    select sku, action in ('new', 'changed', 'unchanged') as accepted from feed_rows where run_id = :run and sku <> ''
    union all
    select unnest(skus), true from feed_new where run_id = :run
)"""

#: SQL for the rows of a block (``:run``, ``:block``) as ``FeedRow`` has them; in the place of the braces stands which.
AS_ROWS = f"""
    with block as materialized (
        select * from feed_new where run_id = :run and first_row = :block
    ), told as materialized (
        select told.* from block cross join lateral {ROWS_OF} {{which}}
    ), product as materialized (
        select product.* from block cross join lateral {PRODUCTS_OF}
    )
    select block.run_id, told.row, block.supplier_id, product.handle, told.sku, 'new' as action,
        jsonb_build_object(
            'title', coalesce(product.title, ''), 'description', coalesce(product.description, ''),
            'brand', coalesce(product.brand, ''), 'category', coalesce(product.category, ''),
            'tags', product.tags::jsonb, 'status', product.status, 'images', product.images::jsonb,
            'options', told.options::jsonb, 'cost', told.cost, 'msrp', told.msrp, 'map', told.map,
            'weight_grams', told.weight_grams, 'gtin', told.gtin
        ) || jsonb_strip_nulls(jsonb_build_object('tiers', told.tiers::jsonb, 'stock', told.stock)) as record,
        '{{{{}}}}'::jsonb as changes, '[]'::jsonb as problems, false as same, product.mark
    from told join product on product.product = told.product cross join block
    order by told.row
    """  # noqa: S608
#: The first of them (``:most``) behind one (``:after``).
SOME_ROWS = text(AS_ROWS.format(which="where told.row > :after order by told.row limit :most"))


def accepted_skus(run_ids: Sequence[UUID | ScalarSelect[UUID]]) -> Select[str]:
    """The SKUs of the rows of some runs that can be taken over, but for those of ``FeedSame``, which are variants."""
    rows = select(FeedRow.sku).where(FeedRow.run_id.in_(run_ids), FeedRow.action.in_(("new", "changed", "unchanged")))
    blocks = select(func.unnest(FeedNew.skus).label("sku")).where(FeedNew.run_id.in_(run_ids))
    return select(rows.union_all(blocks).subquery("accepted").c.sku)
