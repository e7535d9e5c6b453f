"""Rows that say what the last file said, stock apart: keeping them beside what the catalogue holds, and taking over
their stock. There may be hundreds of thousands in a file of which little changed, so the database does it in bulk, and
those of which the stock stands as they have it are no rows of the run, but arrays (``FeedSame``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import compress, pairwise, repeat
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    column,
    func,
    insert,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB, aggregate_order_by
from sqlalchemy.orm import Session

from app.catalog.models import SupplierProduct, SupplierVariant
from app.db import table_of
from app.feeds.events import FeedUploaded
from app.feeds.missing import origin_of
from app.feeds.models import FeedRow, FeedRun, FeedSame
from app.feeds.rules.marks import SameRows
from app.feeds.service.changes import note_figures
from app.feeds.service.checking import CheckPlan, Counts
from app.inventory.queries import own_counts
from app.inventory.service import StockFigure, confirm_figures, confirm_together, part_from, set_figures
from app.outbox.service import emit

#: Rows whose stock is taken over in one transaction.
_AT_ONCE = 5000
#: What ``counts`` says of how far a run got.
_PLACES = ("new_to", "applied_row", "applied_to", "blocks_to", "same_to")
#: What is seen from its end on has the time of its beginning.
_LONGEST_BATCH = timedelta(minutes=1)

_rows = table_of(FeedRow)
_blocks = table_of(FeedSame)
_variants, _products = table_of(SupplierVariant), table_of(SupplierProduct)
#: As one text, which both sides read faster than arrays.
_sent = (
    func.json_to_recordset(bindparam("told", type_=Text).cast(JSON))
    .table_valued(column("row", Integer), column("handle", Text), column("sku", Text), column("stock", Integer))
    .render_derived(name="sent", with_types=True)
)
_told = select(_sent).cte("told")
_skus = select(_told.alias("telling").c.sku).scalar_subquery()
#: The variants by an array of SKUs, and their stock by one of ids, so that no plan looks at all variants of a supplier
#: for each batch, nor at each one's stock by itself.
_named = (
    select(*(_variants.c[name] for name in ("id", "sku", "product_id", "wholesale_price", "weight_grams")))
    .where(
        _variants.c.supplier_id == bindparam("supplier"),
        _variants.c.sku == any_(func.array(_skus, type_=ARRAY(Text))),
    )
    .cte("named")
    .prefix_with("materialized")
)
_ids = select(_named.alias("counted_of").c.id).scalar_subquery()
_counts = own_counts(any_(func.array(_ids, type_=ARRAY(Uuid)))).subquery("counted")
_units = func.coalesce(_counts.c.units, 0)
_differs = and_(_told.c.stock.is_not(None), _told.c.stock != _units)
_kept = (
    insert(_rows)
    .from_select(
        ["run_id", "row", "supplier_id", "handle", "sku", "action", "record", "changes", "problems", "same"],
        select(
            bindparam("run", type_=_rows.c.run_id.type),
            _told.c.row,
            bindparam("supplier", type_=_rows.c.supplier_id.type),
            _told.c.handle,
            _told.c.sku,
            case((_told.c.sku == "", "merged"), (_differs, "changed"), else_="unchanged"),
            func.jsonb_strip_nulls(
                func.jsonb_build_object(
                    "title", _products.c.title,
                    "cost", _named.c.wholesale_price,
                    "weight_grams", case((bindparam("weighed"), _named.c.weight_grams)),
                    "stock", _told.c.stock,
                )
            ),
            case(
                (
                    _differs,
                    func.jsonb_build_object("stock", func.jsonb_build_array(_units, _told.c.stock)),
                ),
                else_=literal({}, JSONB),
            ),
            literal([], JSONB),
            true(),
        ).select_from(
            _told.outerjoin(_named, _named.c.sku == _told.c.sku)
            .outerjoin(_products, _products.c.id == _named.c.product_id)
            .outerjoin(_counts, _counts.c.variant_id == _named.c.id)
        ),
    )
    .returning(_rows.c.action)
    .cte("kept")
)  # fmt: skip
_KEEP = select(_kept.c.action, func.count()).group_by(_kept.c.action)


#: Between SKUs that are sent as one text.
_BETWEEN = "\x1f"
#: The same as texts of columns, which is less to send and to read.
_columns = (
    func.unnest(
        func.string_to_array(bindparam("skus", type_=Text), _BETWEEN),
        func.string_to_array(bindparam("stocks", type_=Text), ",", "").cast(ARRAY(Integer)),
        func.string_to_array(bindparam("rows", type_=Text), ",").cast(ARRAY(Integer)),
    )
    .table_valued(column("sku", Text), column("stock", Integer), column("row", Integer), with_ordinality="place")
    .render_derived(name="sent")
)
_standing = (
    select(_columns, _variants.c.id, _variants.c.weight_grams)
    .select_from(
        _columns.outerjoin(
            _variants, and_(_variants.c.supplier_id == bindparam("supplier"), _variants.c.sku == _columns.c.sku)
        )
    )
    .cte("standing")
    .prefix_with("materialized")
)
_standing_ids = select(_standing.alias("counted_of").c.id).scalar_subquery()
_units_standing = own_counts(any_(func.array(_standing_ids, type_=ARRAY(Uuid)))).subquery("counted")
_found = (
    select(
        _standing,
        and_(
            _standing.c.id.is_not(None),
            or_(_standing.c.stock.is_(None), _standing.c.stock == func.coalesce(_units_standing.c.units, 0)),
        ).label("fits"),
    )
    .select_from(_standing.outerjoin(_units_standing, _units_standing.c.variant_id == _standing.c.id))
    .cte("found")
)
_kept_block = (
    insert(_blocks)
    .from_select(
        [
            "run_id", "first_row", "last_row", "supplier_id", "products", "row_numbers", "variants", "stocks",
            "had_stock", "weighed",
        ],
        select(
            bindparam("run", type_=_blocks.c.run_id.type),
            func.min(_found.c.row),
            func.max(_found.c.row),
            bindparam("supplier", type_=_blocks.c.supplier_id.type),
            bindparam("products", type_=Integer),
            *(
                func.array_agg(aggregate_order_by(_found.c[name], _found.c.place))
                for name in ("row", "id", "stock")
            ),
            func.count().filter(_found.c.stock > 0),
            func.count().filter(bindparam("weighed"), _found.c.weight_grams.is_not(None)),
        )
        .where(_found.c.fits)
        .having(func.count() > 0),
    )
    .cte("kept_block")
)  # fmt: skip
_KEEP_BLOCK = select(_found.c.place).where(~_found.c.fits).order_by(_found.c.place).add_cte(_kept_block)


@dataclass(frozen=True, slots=True)
class SamePart:
    """What is taken over at once: a block by its first row, or else rows, the one before them and their last."""

    block: int | None = None
    rows: tuple[int, int] = (0, 0)


def store_same(session: Session, plan: CheckPlan, same: SameRows, counts: Counts, *, weighed: bool) -> None:
    """Keep rows of a file: together those that change nothing, the others each with the change of stock that it would
    make. ``weighed``: the file tells weights."""
    if not same.rows:
        return
    counts.handles.update(same.handles)
    alone = [not sku or _BETWEEN in sku for sku in same.skus]
    if any(alone):
        _store_each(session, plan, _those(same, alone), counts, weighed=weighed)
        same = _those(same, [not one for one in alone])
    if not same.rows:
        return
    told = {
        "run": plan.run_id,
        "supplier": plan.supplier_id,
        "skus": _BETWEEN.join(same.skus),
        "stocks": ",".join(["" if units is None else str(units) for units in same.stocks]),
        "rows": ",".join(map(str, same.rows)),
        "products": len(set(same.handles)),
        "weighed": weighed,
    }
    differing = [place - 1 for (place,) in session.connection().execute(_KEEP_BLOCK, told)]
    counts.actions["unchanged"] += len(same.rows) - len(differing)
    if differing:
        chosen = [False] * len(same.rows)
        for place in differing:
            chosen[place] = True
        _store_each(session, plan, _those(same, chosen), counts, weighed=weighed)


def _those(same: SameRows, chosen: Sequence[bool]) -> SameRows:
    return SameRows(
        list(compress(same.rows, chosen)),
        list(compress(same.handles, chosen)),
        list(compress(same.skus, chosen)),
        list(compress(same.stocks, chosen)),
    )


def _store_each(session: Session, plan: CheckPlan, same: SameRows, counts: Counts, *, weighed: bool) -> None:
    names = ("row", "handle", "sku", "stock")
    rows = zip(same.rows, same.handles, same.skus, same.stocks, strict=True)
    told = {
        "run": plan.run_id,
        "supplier": plan.supplier_id,
        "told": orjson.dumps([dict(zip(names, one, strict=True)) for one in rows]).decode(),
        "weighed": weighed,
    }
    for action, times in session.connection().execute(_KEEP, told):
        counts.actions[action] += times


def look_again(session: Session, run_id: UUID) -> bool:
    """Have the file of a run that begins read anew, and as a whole, where another file that was taken over or undone
    since it came has changed something of which it says what was said before: what it says is not kept, and the file
    that is taken over last decides. It goes on by itself then. Returns whether that is so."""
    run = session.scalars(select(FeedRun).where(FeedRun.id == run_id).with_for_update()).one()
    begun = any(place in run.counts for place in _PLACES)
    if run.state != "APPLYING" or begun or not _others_came_between(session, run):
        return False
    since = run.created_at - _LONGEST_BATCH
    named = select(_rows.c.sku).where(_rows.c.run_id == run.id, _rows.c.same)
    in_blocks = select(func.unnest(_blocks.c.variants)).where(_blocks.c.run_id == run.id)
    changed = (
        select(_variants.c.id)
        .join_from(_variants, _products, _products.c.id == _variants.c.product_id)
        .where(
            _variants.c.supplier_id == run.supplier_id,
            or_(_variants.c.updated_at >= since, _products.c.updated_at >= since),
            or_(_variants.c.sku.in_(named), _variants.c.id.in_(in_blocks)),
        )
        .limit(1)
    )
    if session.scalar(changed) is None:
        return False
    run.state, run.detected = "CHECKING", {**run.detected, "anew": True}
    emit(session, FeedUploaded(supplier_id=run.supplier_id, run_id=run.id))
    return True


def _others_came_between(session: Session, run: FeedRun) -> bool:
    other = select(FeedRun.id).where(
        FeedRun.supplier_id == run.supplier_id,
        FeedRun.id != run.id,
        or_(
            FeedRun.state.in_(("APPLYING", "ROLLING_BACK")),
            FeedRun.applied_at > run.created_at,
            FeedRun.cancelled_at > run.created_at,
            FeedRun.rolled_back_at > run.created_at,
        ),
    )
    return session.scalar(other.limit(1)) is not None


def confirm_blocks(session: Session, run_id: UUID) -> list[UUID]:
    """Note together that figures of a run's blocks are as they stand, where they are; blocks of which nothing else is
    left to be taken over are done with that. Returns stock levels that are to part from the run's origin first
    (``part_from_origin``), after which this is to be called again; none, when it is done, or no longer wanted. It may
    be repeated; in a transaction of its own."""
    run = session.get_one(FeedRun, run_id)
    if run.state != "APPLYING" or run.kind != "full":
        return []
    if session.scalar(select(_blocks.c.first_row).where(_blocks.c.run_id == run_id).limit(1)) is None:
        return []
    figures = _told_in_blocks(run)
    left, parting = confirm_together(session, run.supplier_id, origin_of(run), figures, run.created_at)
    if parting or left:
        return parting
    session.refresh(run, with_for_update=True)
    last, products = session.execute(
        select(func.max(_blocks.c.first_row), func.sum(_blocks.c.products)).where(
            _blocks.c.run_id == run_id, _blocks.c.first_row > run.counts.get("blocks_to", -1)
        )
    ).one()
    if run.state == "APPLYING" and last is not None:
        _count_applied(run, products, {"blocks_to": last})
    return []


def part_from_origin(session: Session, run_id: UUID, level_ids: Sequence[UUID]) -> None:
    """Of these levels the run's origin says something else now, or nothing."""
    run = session.get_one(FeedRun, run_id)
    part_from(session, run.supplier_id, origin_of(run), level_ids)


def plan_same(session: Session, run_id: UUID) -> list[SamePart]:
    """The parts whose stock alone is still to be taken over, in order."""
    counts = session.get_one(FeedRun, run_id).counts
    blocks = session.scalars(
        select(_blocks.c.first_row)
        .where(_blocks.c.run_id == run_id, _blocks.c.first_row > counts.get("blocks_to", -1))
        .order_by(_blocks.c.first_row)
    ).all()
    done = counts.get("same_to", 0)
    place = func.row_number().over(order_by=_rows.c.row).label("place")
    found = select(_rows.c.row, place).where(_rows.c.run_id == run_id, _rows.c.row > done, _rows.c.same).subquery()
    ends = session.scalars(select(found.c.row).where(found.c.place % _AT_ONCE == 0).order_by(found.c.row)).all()
    last = session.scalar(select(func.max(found.c.row)))
    if last is not None and last not in ends[-1:]:
        ends = [*ends, last]
    return [*map(SamePart, blocks), *map(SamePart, repeat(None), pairwise([done, *ends]))]


def confirm_same(session: Session, run_id: UUID, part: SamePart) -> list[StockFigure] | None:
    """Note that figures of a part's rows are as they stand, where they are. Returns the others, which are
    ``set_same``'s; None when that is no longer wanted. It may be repeated, and several parts at once."""
    run = session.get_one(FeedRun, run_id)
    if run.state != "APPLYING":
        return None
    figures = _figures(run, part)
    return confirm_figures(session, run.supplier_id, figures, run.created_at, origin_id=origin_of(run))


def _told_in_blocks(run: FeedRun) -> Select[UUID, int]:
    told = (
        func.unnest(_blocks.c.variants, _blocks.c.stocks)
        .table_valued(column("variant_id", Uuid), column("quantity", Integer))
        .render_derived(name="told")
    )
    return (
        select(told.c.variant_id, told.c.quantity)
        .join_from(_blocks, told, true())
        .where(_blocks.c.run_id == run.id, told.c.quantity.is_not(None))
    )


def _figures(run: FeedRun, part: SamePart) -> Select[UUID, int]:
    if part.block is not None:
        return _told_in_blocks(run).where(_blocks.c.first_row == part.block)
    units = _rows.c.record["stock"].as_integer()
    return (
        select(_variants.c.id.label("variant_id"), units.label("quantity"))
        .join_from(
            _rows, _variants, and_(_variants.c.supplier_id == run.supplier_id, _variants.c.sku == _rows.c.sku)
        )
        .where(_rows.c.run_id == run.id, *_within(part), units.is_not(None))
    )  # fmt: skip


def set_same(session: Session, run_id: UUID, part: SamePart, others: Sequence[StockFigure]) -> bool:
    """Take over those figures of a part's rows that ``confirm_same`` left, after all parts before. False when that is
    no longer wanted. How far it got is kept in the same transaction."""
    run = session.scalars(select(FeedRun).where(FeedRun.id == run_id).with_for_update()).one()
    if run.state != "APPLYING":
        return False
    because, origin = f"feed_run:{run.id}", origin_of(run)
    results = set_figures(session, run.supplier_id, others, because=because, origin_id=origin) if others else []
    note_figures(session, run, list(zip(others, results, strict=True)))
    if part.block is not None:
        told = select(_blocks.c.products).where(_blocks.c.run_id == run_id, _blocks.c.first_row == part.block)
        reached = {"blocks_to": part.block}
    else:
        told = select(func.count(_rows.c.handle.distinct())).where(_rows.c.run_id == run_id, *_within(part))
        reached = {"same_to": part.rows[1]}
    _count_applied(run, session.scalar(told) or 0, reached)
    return True


def _count_applied(run: FeedRun, products: int, reached: Mapping[str, int]) -> None:
    # A product whose rows are parted between two of them is counted in both.
    applied = run.counts.get("applied", 0) + products
    run.counts = {**run.counts, **reached, "applied": min(applied, run.counts.get("products", 0))}


def _within(part: SamePart) -> tuple[ColumnElement[bool], ...]:
    return _rows.c.row > part.rows[0], _rows.c.row <= part.rows[1], _rows.c.same
