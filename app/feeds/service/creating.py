"""Taking over a batch of nothing but new products: what its rows say never leaves the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.catalog.categories.service import TITLES
from app.catalog.service import CREATED, LISTED, SAID, create_products
from app.feeds.missing import origin_of
from app.feeds.models import FeedRun
from app.inventory.service import set_first_figures
from app.kit.ids import ID_IN_SERIES, new_series
from app.suppliers.models import Supplier

#: Columns of the list → fields of a row's record that are called otherwise.
_CALLED = {"wholesale_price": "cost", "map_price": "map", "price_tiers": "tiers"}
_FIELDS = [
    f"(one.record {'->' if kind == 'jsonb' else '->>'} '{_CALLED.get(name, name)}')::{kind} as {name}"
    for name, kind in SAID.items()
]
#: A batch's rows, where nothing else stands among them, and in other cases.
_WHOLE = "run_id = :run and row between :first and :last"
_CHOSEN = "run_id = :run and row = any(:rows)"
_ROWS = bindparam("rows", type_=ARRAY(Integer))

# What is put together here are constants of this module, of the catalogue and of ``kit.ids``.
#: The supplier's categories, each with titles of its products (those of their first rows with a title), how many
#: products each has, and whether one of these, or of their SKUs, is there already.
_FIRST_SAID = """
    with one as materialized (
        select {product} as product, handle, row, sku, action, record ->> 'title' as title,
            record ->> 'category' as category
        from feed_rows where {rows}
    ), said as (
        select min(row) as first, (array_agg(title order by row) filter (where title <> ''))[1] as title,
            (array_agg(category order by row) filter (where title <> ''))[1] as category,
            (select true from supplier_products where supplier_id = :supplier and handle = min(one.handle)) as there
        from one group by product
    )
    select coalesce(category, '') as category, (array_agg(coalesce(title, '') order by first))[1 : {titles}] as titles,
        count(*) as products, bool_or(there) or exists (
            select from one where action <> 'merged'
                and (select true from supplier_variants where supplier_id = :supplier and sku = one.sku)
        ) as there
    from said group by 1 order by min(first)
    """
_LIST = f"""
    create temp table {LISTED} on commit drop as
    select one.place::integer as place, one.product::integer as product, one.handle, one.sku, one.mark,
        (one.record ->> 'stock')::integer as stock,
        case when one.action <> 'merged' then {ID_IN_SERIES.format("one.place")} end as variant_id,
        {", ".join(_FIELDS)}
    from {{numbered}} as one
    """  # noqa: S608
#: Which of the products (``begins``: their first rows, in order) a row tells of, where their rows stand together.
_PRODUCT = "width_bucket(row, cast(:begins as integer[]))"
_TOGETHER = f"(select *, row - :first + 1 as place, {_PRODUCT} as product from feed_rows where {_WHOLE})"  # noqa: S608
_APART = f"""(
    select *, row_number() over (order by first, row) as place, dense_rank() over (order by first) as product
    from (select *, min(row) over (partition by handle) as first from feed_rows where {_CHOSEN}) as listed
    )"""  # noqa: S608
#: By whether the rows of each product stand together, and no others among them.
_FIRST_SAID_OF = {
    True: text(_FIRST_SAID.format(product=_PRODUCT, rows=_WHOLE, titles=TITLES)),
    False: text(_FIRST_SAID.format(product="handle", rows=_CHOSEN, titles=TITLES)).bindparams(_ROWS),
}
_LIST_OF = {
    True: text(_LIST.format(numbered=_TOGETHER)),
    False: text(_LIST.format(numbered=_APART)).bindparams(_ROWS),
}
#: Rows that were not one block without complaints have no mark, and neither has their product then.
_KEEP = text(
    f"""
    with listed as materialized (
        select product.id, product.variants, product.made_at, min(one.mark) as mark,
            min(one.mark) = max(one.mark) as one_block,
            jsonb_agg(one.variant_id order by one.place) filter (where one.variant_id is not null) as made
        from {CREATED} as product join {LISTED} as one on one.product = product.product
        group by product.id, product.variants, product.made_at
    ), marked as (
        insert into feed_marks (supplier_id, product_id, mark, product_changed, variants, variants_changed)
        select :supplier, id, case when one_block then mark else '' end, made_at, variants,
            extract(epoch from made_at) * variants
        from listed order by id
    )
    insert into feed_run_changes (run_id, kind, target_id, supplier_id, created, after)
    select :run, 'product', id, :supplier, true, jsonb_build_object('variants', made) from listed order by id
    """  # noqa: S608
)
_FIGURES = f"select variant_id, stock as quantity from {LISTED} where variant_id is not null and stock is not null"  # noqa: S608


def first_said(
    session: Session, run: FeedRun, rows: Sequence[int], begins: Sequence[int] | None
) -> tuple[dict[str, list[str]], int] | None:
    """Of rows of new products: the supplier's categories with titles of their products, as many as are looked at, and
    how many products there are. ``begins``: the products' first rows, in order, where the rows of each stand together
    and no others among them. None where one of the products, or of their SKUs, is there already: an SKU that came since
    the file was checked would break the batch when the next one has begun already."""
    told = {**_named(run, rows, begins), "supplier": run.supplier_id}
    found = session.execute(_FIRST_SAID_OF[begins is not None], told).all()
    if any(row.there for row in found):
        return None
    return {row.category: row.titles for row in found}, sum(row.products for row in found)


def _named(run: FeedRun, rows: Sequence[int], begins: Sequence[int] | None) -> dict[str, Any]:
    """The values of a batch's rows in statements."""
    if begins is None:
        return {"run": run.id, "rows": list(rows)}
    return {"run": run.id, "first": rows[0], "last": rows[-1], "begins": f"{{{','.join(map(str, begins))}}}"}


def create_batch(
    session: Session, run: FeedRun, rows: Sequence[int], begins: Sequence[int] | None, titles: dict[str, list[str]]
) -> None:
    """Make the products of some rows (``begins`` as in ``first_said``), with their stock, their marks and what is
    needed to undo it. Raises ``IntegrityError`` where an SKU or a product came into being since the rows were read; the
    transaction is lost then."""
    session.execute(_LIST_OF[begins is not None], {**_named(run, rows, begins), "series": new_series()})
    currency = session.scalars(select(Supplier.currency).where(Supplier.id == run.supplier_id)).one()
    create_products(session, run.supplier_id, currency, titles)
    set_first_figures(
        session, run.supplier_id, _FIGURES, run.created_at, because=f"feed_run:{run.id}", origin_id=origin_of(run)
    )
    session.execute(_KEEP, {"run": run.id, "supplier": run.supplier_id})
