"""Marks of products: which hold, and keeping them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Text, bindparam, delete, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.catalog.service import Saved
from app.db import add_values
from app.feeds.models import FeedMark

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)

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

#: The same of all products, which is much less than asking for each; none where there are too many to keep in mind.
_ALL_HOLDING = text(
    """
    select product.handle, held.mark
    from supplier_products as product
    join feed_marks as held on held.supplier_id = product.supplier_id and held.product_id = product.id
    join (
        select product_id, count(*) as variants, sum(extract(epoch from updated_at)) as changed
        from supplier_variants where supplier_id = :supplier group by product_id
    ) as today on today.product_id = product.id
    where product.supplier_id = :supplier and product.updated_at = held.product_changed
        and today.variants = held.variants and today.changed = held.variants_changed
        and (select count(*) from feed_marks where supplier_id = :supplier) <= :most
    """
)
#: Marks of so many products are read at once.
_MOST = 200_000

#: Both tables are asked by arrays, by the one index of each that fits: joined, a plan without statistics, as after a
#: first list, may look at all products of the supplier for each handle.
_KEEP = text(
    """
    with named as materialized (
        select id, handle, updated_at from supplier_products where supplier_id = :supplier and handle = any(:handles)
    ), today as materialized (
        select product_id, count(*) as variants, sum(extract(epoch from updated_at)) as changed
        from supplier_variants where product_id = any(array(select id from named)) group by product_id
    )
    insert into feed_marks (supplier_id, product_id, mark, product_changed, variants, variants_changed)
    select :supplier, named.id, found.mark, named.updated_at, today.variants, today.changed
    from unnest(:handles, :marks) as found(handle, mark)
    join named on named.handle = found.handle
    join today on today.product_id = named.id
    order by named.id
    on conflict (supplier_id, product_id) do update
        set mark = excluded.mark, product_changed = excluded.product_changed,
            variants = excluded.variants, variants_changed = excluded.variants_changed
    """
).bindparams(bindparam("handles", type_=ARRAY(Text)), bindparam("marks", type_=ARRAY(Text)))


def forget_marks(session: Session, supplier_id: UUID) -> None:
    """Nothing is known of the last file any more: the next one is understood as a whole."""
    session.execute(delete(FeedMark).where(FeedMark.supplier_id == supplier_id))


def holding_marks(session: Session, supplier_id: UUID, handles: Collection[str]) -> dict[str, str]:
    """Handle → mark, of the products that are as they were when their marks were made."""
    found = session.execute(_HOLDING, {"supplier": supplier_id, "handles": list(handles)})
    return {row.handle: row.mark for row in found}


def all_holding_marks(session: Session, supplier_id: UUID) -> dict[str, str] | None:
    """The same of all of a supplier's products; None where these are too many: they are asked for by and by then."""
    told = {"supplier": supplier_id, "most": _MOST}
    found = session.connection().execute(_ALL_HOLDING, told).all()
    if found:
        return {row.handle: row.mark for row in found}
    any_held = select(FeedMark.product_id).where(FeedMark.supplier_id == supplier_id).offset(_MOST).limit(1)
    return {} if session.scalar(any_held) is None else None


def keep_marks(session: Session, supplier_id: UUID, marks: Mapping[str, str], saved: Saved) -> None:
    """Give products (by handle) the marks of the rows that they were taken over from, in the transaction that took them
    over: others who change a supplier's products wait for its end. A product whose rows were not one block without
    complaints has an empty one, which no block has."""
    # As ``_STATE`` would find what this transaction made.
    at = Decimal(round((saved.at - _EPOCH) / _MICROSECOND)).scaleb(-6)
    add_values(
        session,
        FeedMark,
        ("supplier_id", "product_id", "mark", "product_changed", "variants", "variants_changed"),
        [
            (supplier_id, made.id, marks[handle], saved.at, made.variants, at * made.variants)
            for handle, made in saved.products.items()
        ],
    )
    others = [handle for handle in marks if handle not in saved.products]
    if others:
        session.execute(
            _KEEP, {"supplier": supplier_id, "handles": others, "marks": [marks[handle] for handle in others]}
        )
