"""Taking over blocks of new products (``FeedNew``), two at once: what their rows say never leaves the database. A block
of which something came into being meanwhile becomes rows of the run, which are compared with what stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.catalog.categories.service import TITLES, place
from app.catalog.service import CREATED, LISTED, create_told_products, one_at_a_time
from app.feeds.missing import origin_of
from app.feeds.models import FeedNew, FeedRun
from app.feeds.new_rows import PRODUCTS_OF, ROWS_OF
from app.feeds.service.new_rows import part
from app.inventory.service import keep_times, set_first_figures
from app.kit.ids import ID_IN_SERIES, new_series
from app.kit.in_turn import Turn
from app.suppliers.models import Supplier

_BLOCK = "from feed_new as block cross join lateral {} where block.run_id = :run and block.first_row = :block"
# What is put together here are constants of this module, of ``new_rows``, of the catalogue and of ``kit.ids``.
#: The supplier's categories, each with titles of its products, how many products each has, and whether one of these, or
#: of their SKUs, is there already.
_SAID = text(
    f"""
    with said as materialized (
        select product.product, product.category, product.title {_BLOCK.format(PRODUCTS_OF)}
    ), told as materialized (
        select skus, handles from feed_new where run_id = :run and first_row = :block
    )
    select coalesce(category, '') as category,
        (array_agg(coalesce(title, '') order by product))[1 : {TITLES}] as titles, count(*) as products,
        exists (
            select from supplier_products
            where supplier_id = :supplier and handle = any((select handles from told)::text[])
        ) or exists (
            select from supplier_variants where supplier_id = :supplier and sku = any((select skus from told)::text[])
        ) as there
    from said group by 1 order by min(product)
    """  # noqa: S608
)
_LIST = text(
    f"""
    create temp table {LISTED} on commit drop as
    select told.place::integer as place, told.product, told.sku, {ID_IN_SERIES.format("told.place")} as variant_id,
        told.options::jsonb as options, told.cost as wholesale_price, told.msrp, told.map as map_price,
        told.tiers::jsonb as price_tiers, told.gtin, told.weight_grams, told.stock
    {_BLOCK.format(ROWS_OF)}
    """
)
_PRODUCTS = f"""
    select product.product, product.handle, coalesce(product.title, '') as title,
        coalesce(product.description, '') as description, coalesce(product.brand, '') as brand,
        coalesce(product.category, '') as category, product.tags::jsonb as tags, product.status,
        product.images::jsonb as images, product.option_names::jsonb as option_names, product.alike, product.mark
    {_BLOCK.format(PRODUCTS_OF)}
    """
_KEEP = text(
    f"""
    with marked as (
        insert into feed_marks (supplier_id, product_id, mark, product_changed, variants, variants_changed)
        select :supplier, id, mark, made_at, variants, extract(epoch from made_at) * variants
        from {CREATED} order by id
    )
    insert into feed_run_changes (run_id, kind, target_id, supplier_id, created, after)
    select :run, 'product', id, :supplier, true, jsonb_build_object('variants', variant_ids)
    from {CREATED} order by id
    """  # noqa: S608
)
_FIGURES = f"select variant_id, stock as quantity from {LISTED} where stock is not null"  # noqa: S608


@dataclass(frozen=True, slots=True)
class NewBlock:
    """A block that can be made as it is: by its first row, how many products it has, and titles of theirs by the
    supplier's categories. Not ``new``: it is to become rows."""

    first_row: int
    new: bool
    count: int
    titles: dict[str, list[str]]


class NoLongerWanted(Exception):
    """Somebody stopped the run while a batch of it was taken over; nothing of the batch may stay."""


def plan_blocks(session: Session, run_id: UUID) -> Sequence[int]:
    """The blocks of a run that are still to be taken over, by their first rows, in order."""
    done = session.get_one(FeedRun, run_id).counts.get("new_to", -1)
    blocks = select(FeedNew.first_row).where(FeedNew.run_id == run_id, FeedNew.first_row > done)
    return session.scalars(blocks.order_by(FeedNew.first_row)).all()


def prepare_block(session: Session, run_id: UUID, first_row: int) -> NewBlock | None:
    """Look whether a block is still new, and find the places of its categories. None when nobody wants it any more. It
    may be repeated."""
    run = session.get_one(FeedRun, run_id)
    if run.state != "APPLYING":
        return None
    asked = {"run": run_id, "block": first_row, "supplier": run.supplier_id}
    said = session.execute(_SAID, asked).all()
    # An SKU that came since the file was checked would break the block when the next one has begun already.
    if any(row.there for row in said):
        return NewBlock(first_row, False, 0, {})
    titles = {row.category: row.titles for row in said}
    place(session, run.supplier_id, titles)
    return NewBlock(first_row, True, sum(row.products for row in said), titles)


def create_block(session: Session, run_id: UUID, block: NewBlock, turn: Turn, *, beside: bool) -> None:
    """Make the products of a block, with their stock, their marks and what is needed to undo it; ``beside`` another
    one. Raises ``NoLongerWanted``, what ``Turn.come`` raises, and ``IntegrityError`` where an SKU or a product came
    into being meanwhile: it is to become rows then (``part_block``).

    How far it got is kept in the same transaction, so a repetition after a crash goes on where it stopped."""
    if not beside:
        turn.come()
    run = session.get_one(FeedRun, run_id)
    one_at_a_time(session, run.supplier_id, beside_others=True)
    # Whoever waits for us must not hold what we wait for: another file of the supplier may ask for it between.
    keep_times(session, run.supplier_id)
    if beside:
        turn.let_next_begin()
    named = {"run": run_id, "block": block.first_row}
    currency = session.scalars(select(Supplier.currency).where(Supplier.id == run.supplier_id)).one()
    session.execute(_LIST, {**named, "series": new_series()})
    create_told_products(session, run.supplier_id, currency, block.titles, _PRODUCTS, named)
    because, origin = f"feed_run:{run.id}", origin_of(run)
    set_first_figures(session, run.supplier_id, _FIGURES, run.created_at, because=because, origin_id=origin)
    session.execute(_KEEP, {"run": run.id, "supplier": run.supplier_id})
    turn.come()
    _reached(session, run, block.first_row, block.count)


def part_block(session: Session, run_id: UUID, first_row: int, turn: Turn) -> None:
    """Have a block taken over row by row, after all blocks. Raises ``NoLongerWanted`` and what ``Turn.come`` raises."""
    turn.come()
    run = session.get_one(FeedRun, run_id)
    part(session, run_id, first_row)
    _reached(session, run, first_row, 0)


def _reached(session: Session, run: FeedRun, first_row: int, products: int) -> None:
    session.refresh(run, with_for_update=True)
    if run.state != "APPLYING":
        raise NoLongerWanted
    run.counts = {**run.counts, "new_to": first_row, "applied": run.counts.get("applied", 0) + products}
