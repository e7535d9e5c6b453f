"""Taking over a batch of nothing but new products: what its rows say never leaves the database."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from sqlalchemy import Integer, Uuid, any_, bindparam, column, select, table, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.service import CREATED, LISTED, SAID, create_products
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
_ROWS = bindparam("rows", type_=ARRAY(Integer))

#: Each product with what its first row with a title says, and the SKUs of its variants.
_FIRST_SAID = text(
    """
    select handle, coalesce((array_agg(title order by row) filter (where title <> ''))[1], ''),
        coalesce((array_agg(record ->> 'category' order by row) filter (where title <> ''))[1], ''),
        array_agg(sku) filter (where action <> 'merged')
    from (
        select handle, row, sku, action, record, record ->> 'title' as title
        from feed_rows where run_id = :run and row = any(:rows)
    ) as one
    group by handle order by handle
    """
).bindparams(_ROWS)
# What is put together here are constants of this module, of the catalogue and of ``kit.ids``.
_LIST = text(
    f"""
    create temp table {LISTED} on commit drop as
    select one.place::integer as place, one.handle, one.sku, one.mark, (one.record ->> 'stock')::integer as stock,
        case when one.action <> 'merged' then {ID_IN_SERIES.format("one.place")} end as variant_id,
        {", ".join(_FIELDS)}
    from (
        select handle, sku, mark, action, record, row_number() over (order by handle, row) as place
        from feed_rows where run_id = :run and row = any(:rows)
    ) as one
    order by one.place
    """  # noqa: S608
).bindparams(_ROWS)
#: Rows that were not one block without complaints have no mark, and neither has their product then.
_KEEP = text(
    f"""
    with listed as materialized (
        select product.id, product.variants, product.made_at, min(one.mark) as mark,
            count(distinct one.mark) = 1 as one_block,
            jsonb_agg(one.variant_id order by one.place) filter (where one.variant_id is not null) as made
        from {CREATED} as product join {LISTED} as one on one.handle = product.handle
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
_LISTED = table(LISTED, column("variant_id", Uuid), column("stock", Integer))


def first_said(session: Session, run: FeedRun, rows: Sequence[int]) -> tuple[dict[str, list[str]], int] | None:
    """Of rows of new products: the supplier's categories with the titles of their products, and how many products there
    are. None where one of the products, or of their SKUs, is there already."""
    found = session.execute(_FIRST_SAID, {"run": run.id, "rows": list(rows)}).all()
    handles = bindparam("handles", [row[0] for row in found], type_=ARRAY(Text))
    there = select(SupplierProduct.id).where(
        SupplierProduct.supplier_id == run.supplier_id, SupplierProduct.handle == any_(handles)
    )
    # An SKU that came since the file was checked would break the batch when the next one has begun already.
    skus = bindparam("skus", list(chain.from_iterable(row[3] for row in found)), type_=ARRAY(Text))
    taken = select(SupplierVariant.id).where(
        SupplierVariant.supplier_id == run.supplier_id, SupplierVariant.sku == any_(skus)
    )
    if any(session.scalar(one.limit(1)) is not None for one in (there, taken)):
        return None
    titles: dict[str, list[str]] = {}
    for _, title, category, _ in found:
        titles.setdefault(category, []).append(title)
    return titles, len(found)


def create_batch(session: Session, run: FeedRun, rows: Sequence[int], titles: dict[str, list[str]]) -> None:
    """Make the products of some rows, with their stock, their marks and what is needed to undo it. Raises
    ``IntegrityError`` where an SKU or a product came into being since the rows were read; the transaction is lost
    then."""
    asked = {"run": run.id, "supplier": run.supplier_id, "rows": list(rows), "series": new_series()}
    session.execute(_LIST, asked)
    currency = session.scalars(select(Supplier.currency).where(Supplier.id == run.supplier_id)).one()
    create_products(session, run.supplier_id, currency, titles)
    figures = select(_LISTED.c.variant_id, _LISTED.c.stock.label("quantity")).where(
        _LISTED.c.variant_id.is_not(None), _LISTED.c.stock.is_not(None)
    )
    set_first_figures(session, run.supplier_id, figures, run.created_at, because=f"feed_run:{run.id}")
    session.execute(_KEEP, asked)
