"""Marks of products: which hold, and keeping them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Integer, Text, bindparam, delete, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.feeds.models import FeedMark

#: How a product and its variants are, by the times of their last changes; ``product`` is the product's row.
_STATE = """
    select count(*) as variants, sum(extract(epoch from variant.updated_at)) as changed
    from supplier_variants as variant where variant.product_id = product.id
"""
_HOLDING = text(
    f"""
    select product.handle, held.mark
    from supplier_products as product
    join feed_marks as held on held.supplier_id = product.supplier_id and held.product_id = product.id
    cross join lateral ({_STATE}) as today
    where product.supplier_id = :supplier and product.handle = any(:handles)
        and product.updated_at = held.product_changed
        and today.variants = held.variants and today.changed = held.variants_changed
    """  # noqa: S608 - a constant of this module
).bindparams(bindparam("handles", type_=ARRAY(Text)))

_KEEP = text(
    f"""
    insert into feed_marks (supplier_id, product_id, mark, product_changed, variants, variants_changed)
    select :supplier, product.id, found.mark, product.updated_at, today.variants, today.changed
    from (
        select handle, case when min(mark) = max(mark) then max(mark) else '' end as mark
        from feed_rows where run_id = :run and row = any(:rows) group by handle
    ) as found
    join supplier_products as product on product.supplier_id = :supplier and product.handle = found.handle
    cross join lateral ({_STATE}) as today
    where today.variants > 0
    on conflict (supplier_id, product_id) do update
        set mark = excluded.mark, product_changed = excluded.product_changed,
            variants = excluded.variants, variants_changed = excluded.variants_changed
    """  # noqa: S608 - a constant of this module
).bindparams(bindparam("rows", type_=ARRAY(Integer)))


def forget_marks(session: Session, supplier_id: UUID) -> None:
    """Nothing is known of the last file any more: the next one is understood as a whole."""
    session.execute(delete(FeedMark).where(FeedMark.supplier_id == supplier_id))


def holding_marks(session: Session, supplier_id: UUID, handles: Collection[str]) -> dict[str, str]:
    """Handle → mark, of the products that are as they were when their marks were made."""
    found = session.execute(_HOLDING, {"supplier": supplier_id, "handles": list(handles)})
    return {row.handle: row.mark for row in found}


def keep_marks(session: Session, supplier_id: UUID, run_id: UUID, rows: Sequence[int]) -> None:
    """Give products the marks of the rows that they were taken over from, in the transaction that took them over:
    others who change a supplier's products wait for its end. A product whose rows were not one block without
    complaints gets an empty one, which no block has."""
    session.execute(_KEEP, {"supplier": supplier_id, "run": run_id, "rows": list(rows)})
