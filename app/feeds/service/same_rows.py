"""Rows that say what the last file said, stock apart: keeping them beside what the catalogue holds, and taking over
their stock. There may be hundreds of thousands in a file of which little changed, so the database does it in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
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
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.orm import Session

from app.catalog.models import SupplierProduct, SupplierVariant
from app.db import table_of
from app.feeds.models import FeedRow, FeedRun
from app.feeds.rules.marks import SameRow
from app.feeds.service.changes import note_figures
from app.feeds.service.checking import CheckPlan, Counts
from app.inventory.queries import own_counts
from app.inventory.service import StockFigure, confirm_figures, set_figures

#: Rows whose stock is taken over in one transaction.
_AT_ONCE = 5000

_rows = table_of(FeedRow)
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


def store_same(session: Session, plan: CheckPlan, rows: Sequence[SameRow], counts: Counts, *, weighed: bool) -> None:
    """Keep rows of a file, each with the change of stock that it would make. ``weighed``: the file tells weights."""
    if not rows:
        return
    told = {
        "run": plan.run_id,
        "supplier": plan.supplier_id,
        "told": orjson.dumps(rows).decode(),
        "weighed": weighed,
    }
    for action, times in session.connection().execute(_KEEP, told):
        counts.actions[action] += times
    counts.handles.update(one.handle for one in rows)


def plan_same(session: Session, run_id: UUID) -> list[tuple[int, int]]:
    """The batches whose stock alone is still to be taken over, in order: the row before each, and its last."""
    done = session.get_one(FeedRun, run_id).counts.get("same_to", 0)
    place = func.row_number().over(order_by=_rows.c.row).label("place")
    found = select(_rows.c.row, place).where(_rows.c.run_id == run_id, _rows.c.row > done, _rows.c.same).subquery()
    ends = session.scalars(select(found.c.row).where(found.c.place % _AT_ONCE == 0).order_by(found.c.row)).all()
    last = session.scalar(select(func.max(found.c.row)))
    if last is not None and last not in ends[-1:]:
        ends = [*ends, last]
    return list(pairwise([done, *ends]))


def confirm_same(session: Session, run_id: UUID, part: tuple[int, int]) -> list[StockFigure] | None:
    """Note that figures of a part's rows are as they stand, where they are. Returns the others, which are
    ``set_same``'s; None when that is no longer wanted. It may be repeated, and several parts at once."""
    run = session.get_one(FeedRun, run_id)
    if run.state != "APPLYING":
        return None
    units = _rows.c.record["stock"].as_integer()
    figures = (
        select(_variants.c.id.label("variant_id"), units.label("quantity"))
        .join_from(
            _rows, _variants, and_(_variants.c.supplier_id == run.supplier_id, _variants.c.sku == _rows.c.sku)
        )
        .where(_rows.c.run_id == run.id, *_within(part), units.is_not(None))
    )  # fmt: skip
    return confirm_figures(session, run.supplier_id, figures, run.created_at)


def set_same(session: Session, run_id: UUID, part: tuple[int, int], others: Sequence[StockFigure]) -> bool:
    """Take over those figures of a part's rows that ``confirm_same`` left, after all parts before. False when that is
    no longer wanted. How far it got is kept in the same transaction."""
    run = session.scalars(select(FeedRun).where(FeedRun.id == run_id).with_for_update()).one()
    if run.state != "APPLYING":
        return False
    results = set_figures(session, run.supplier_id, others, because=f"feed_run:{run.id}") if others else []
    note_figures(session, run, list(zip(others, results, strict=True)))
    products = session.scalar(
        select(func.count(_rows.c.handle.distinct())).where(_rows.c.run_id == run_id, *_within(part))
    )
    # A product whose rows are parted between two batches is counted in both.
    applied = min(run.counts.get("applied", 0) + (products or 0), run.counts.get("products", 0))
    run.counts = {**run.counts, "same_to": part[1], "applied": applied}
    return True


def _within(part: tuple[int, int]) -> tuple[ColumnElement[bool], ...]:
    return _rows.c.row > part[0], _rows.c.row <= part[1], _rows.c.same
