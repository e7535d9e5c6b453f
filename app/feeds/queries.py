"""Reads of feed runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, TextClause, select, text
from sqlalchemy.orm import Session

from app.feeds.models import FeedFetch, FeedMapping, FeedNew, FeedRow, FeedRun, FeedRunChange, FeedSame, FeedSource
from app.feeds.new_rows import SOME_ROWS
from app.feeds.rejected import RejectedRow
from app.feeds.rules.rows import OF_KINDS
from app.inventory.queries import FIGURE_AS_OF
from app.kit.errors import NotFound
from app.kit.paging import LARGEST_LIMIT, Page, id_after, number_after, page_of

#: Each column that a run changed, with its value today: of products and variants, and of stock as ``stock``.
_LOOKED_AT = f"""
    with looked_at as (
        select c.kind, c.target_id, c.created, c.undone, p.title as name, key, c.before -> key as before,
            c.after -> key as after, c.after as whole,
            case when key = 'pictures' then coalesce((
                select jsonb_agg(jsonb_build_object('url', url, 'alt', alt, 'alt_owned', alt_owned) order by position)
                from product_images where product_id = p.id and not uploaded), '[]')
            else to_jsonb(p) -> key end as today
        from feed_run_changes c join supplier_products p on p.id = c.target_id
        cross join lateral jsonb_object_keys(c.after) as key
        where c.run_id = :run and c.kind = 'product'
        union all
        select c.kind, c.target_id, c.created, c.undone, v.sku, key, c.before -> key, c.after -> key, c.after,
            to_jsonb(v) -> key
        from feed_run_changes c join supplier_variants v on v.id = c.target_id
        cross join lateral jsonb_object_keys(case when c.created then '{{"status": 1}}'::jsonb else c.after end) as key
        where c.run_id = :run and c.kind = 'variant'
        union all
        select c.kind, c.target_id, c.created, c.undone, v.sku, 'stock', c.before -> 'on_hand', c.after -> 'on_hand',
            c.after, case when {FIGURE_AS_OF} = (c.after ->> 'as_of')::timestamptz then c.after -> 'on_hand'
            else to_jsonb(level.on_hand::text) end
        from feed_run_changes c join inventory_levels as level on level.id = c.target_id
        join supplier_variants v on v.id = level.variant_id
        where c.run_id = :run and c.kind = 'stock'
        union all
        select c.kind, c.target_id, c.created, c.undone, v.sku, key, c.before -> key, c.after -> key, c.after,
            coalesce(to_jsonb(r) -> key, 'null')
        from feed_run_changes c join supplier_variants v on v.id = c.target_id
        left join stock_rules r on r.variant_id = c.target_id
        cross join lateral jsonb_object_keys(c.after) as key
        where c.run_id = :run and c.kind = 'choice'
    )
"""  # noqa: S608 - a constant of the inventory's queries
_UNDO_COUNTS = text(
    _LOOKED_AT  # noqa: S608 - constants of this module
    + """
    select case when created then 'created' else key end as field, kind,
        count(*) filter (where created or today = after) as back,
        count(*) filter (where not created and today is distinct from after and today is distinct from before) as left
    from looked_at where key not in ('search_text', 'source_category', 'position', 'ended_by_feed')
    group by 1, 2 order by 2, 1
    """
)
_UNDO_SHOWN = text(
    _LOOKED_AT  # noqa: S608 - constants of this module
    + """
    select name, case when created then 'created' else key end as field, before, after, today
    from looked_at
    where key not in ('search_text', 'source_category', 'position', 'ended_by_feed')
    and case when :left then not created and today is distinct from after and today is distinct from before
        else created or today = after end
    order by name, 2 limit :limit
    """
)
_LEFT = text(
    """
    select coalesce(p.title, v.sku, lv.sku), key, count(*) over ()
    from feed_run_changes c
    cross join lateral jsonb_object_keys(c.undone -> 'left') as key
    left join supplier_products p on c.kind = 'product' and p.id = c.target_id
    left join supplier_variants v on c.kind in ('variant', 'choice') and v.id = c.target_id
    left join inventory_levels l on c.kind = 'stock' and l.id = c.target_id
    left join supplier_variants lv on lv.id = l.variant_id
    where c.run_id = :run and key not in ('search_text', 'source_category', 'position', 'ended_by_feed')
    order by 1, 2 limit :limit
    """
)
_SAME_ROWS = text(
    """
    select told.row, told.stock, variant.sku, variant.wholesale_price, variant.weight_grams, product.handle,
        product.title
    from feed_same as block
    cross join lateral unnest(block.row_numbers, block.variants, block.stocks) as told(row, variant_id, stock)
    join supplier_variants as variant on variant.id = told.variant_id and variant.supplier_id = block.supplier_id
    join supplier_products as product on product.id = variant.product_id
    where block.run_id = :run and block.first_row = :block and told.row > :after
    order by told.row limit :most
    """
)
_PROBLEM_GROUPS = text(
    """
    select problem ->> 'code', min(problem ->> 'message'), (problem ->> 'warning')::boolean, count(*), min(row)
    from feed_rows, jsonb_array_elements(problems) as problem
    where run_id = :run
    group by 1, 3
    order by 3, 4 desc
    limit 50
    """
)


@dataclass(frozen=True, slots=True)
class ProblemGroup:
    """Rows that share a problem."""

    code: str
    message: str
    warning: bool
    rows: int
    first_row: int


def runs(session: Session, supplier_id: UUID, *, limit: int, cursor: str | None) -> Page[FeedRun]:
    """A supplier's files, newest first."""
    limit = min(limit, LARGEST_LIMIT)
    query = select(FeedRun).where(FeedRun.supplier_id == supplier_id).order_by(FeedRun.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(FeedRun.id < id_after(cursor))
    return page_of(session.scalars(query).all(), limit, lambda run: [run.id])


def feed_run(session: Session, supplier_id: UUID, run_id: UUID) -> FeedRun:
    """One file of a supplier. Raises ``NotFound``."""
    found = session.scalar(select(FeedRun).where(FeedRun.id == run_id, FeedRun.supplier_id == supplier_id))
    if found is None:
        raise NotFound("file")
    return found


def sources(session: Session, supplier_id: UUID) -> Sequence[FeedSource]:
    """A supplier's sources by name."""
    return session.scalars(
        select(FeedSource)
        .where(FeedSource.supplier_id == supplier_id, FeedSource.removed_at.is_(None))
        .order_by(FeedSource.name, FeedSource.id)
    ).all()


def run_states(session: Session, found: Sequence[FeedSource]) -> dict[UUID, str]:
    """The state of each source's newest run, by source."""
    ids = [source.last_run_id for source in found if source.last_run_id is not None]
    states = {
        run: state for run, state in session.execute(select(FeedRun.id, FeedRun.state).where(FeedRun.id.in_(ids)))
    }
    return {source.id: states[source.last_run_id] for source in found if source.last_run_id in states}


def health(source: FeedSource, run_state: str | None) -> str:
    """How a source does: ``paused``, ``failed``, ``needs_mapping``, ``quarantined``, ``unreadable``, ``new`` or
    ``ok``."""
    if source.paused:
        return "paused"
    if source.state == "failed":
        return "failed"
    waiting = {"NEEDS_MAPPING": "needs_mapping", "QUARANTINED": "quarantined", "FAILED": "unreadable"}
    if run_state in waiting:
        return waiting[run_state]
    return "new" if source.state == "new" else "ok"


def fetches(session: Session, source: FeedSource, *, limit: int, cursor: str | None) -> Page[FeedFetch]:
    """What came of looking at a source, newest first."""
    limit = min(limit, LARGEST_LIMIT)
    query = select(FeedFetch).where(FeedFetch.source_id == source.id).order_by(FeedFetch.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(FeedFetch.id < id_after(cursor))
    return page_of(session.scalars(query).all(), limit, lambda one: [one.id])


def newest_test(session: Session, source: FeedSource) -> FeedFetch | None:
    """The last test of a source, while it is the last look."""
    newest = session.scalar(
        select(FeedFetch).where(FeedFetch.source_id == source.id).order_by(FeedFetch.id.desc()).limit(1)
    )
    return newest if newest is not None and newest.outcome == "tested" else None


def templates(session: Session, supplier_id: UUID, source_id: UUID | None, *, limit: int = 20) -> Sequence[FeedMapping]:
    """The confirmed mappings of a source, or of uploads, newest first."""
    of = FeedMapping.source_id == source_id if source_id is not None else FeedMapping.source_id.is_(None)
    return session.scalars(
        select(FeedMapping)
        .where(FeedMapping.supplier_id == supplier_id, of)
        .order_by(FeedMapping.version.desc())
        .limit(limit)
    ).all()


def rows(session: Session, run: FeedRun, *, action: str | None, limit: int, cursor: str | None) -> Page[FeedRow]:
    """Rows of a run in the order of the file, of one action (``new``, ``changed``…) or all. Of those that said what the
    last file said there is what the catalogue says today."""
    limit = min(limit, LARGEST_LIMIT)
    after = number_after(cursor) if cursor else -1
    query = select(FeedRow).where(FeedRow.run_id == run.id, FeedRow.supplier_id == run.supplier_id)
    if action:
        query = query.where(FeedRow.action == action)
    found = list(session.scalars(query.where(FeedRow.row > after).order_by(FeedRow.row).limit(limit + 1)))
    if action in (None, "", "unchanged"):
        found += [_same_row(run, one) for one in _together(session, run, FeedSame, _SAME_ROWS, after, limit + 1)]
    if action in (None, "", "new"):
        found += [FeedRow(**one) for one in _together(session, run, FeedNew, SOME_ROWS, after, limit + 1)]
    found = sorted(found, key=lambda row: row.row)[: limit + 1]
    return page_of(found, limit, lambda row: [row.row])


def _together(
    session: Session, run: FeedRun, kind: type[FeedSame | FeedNew], some: TextClause, after: int, most: int
) -> Iterator[RowMapping]:
    """The first rows behind one of those that are kept together; ``some`` finds them in one of their blocks."""
    blocks = session.scalars(
        select(kind.first_row)
        .where(kind.run_id == run.id, kind.supplier_id == run.supplier_id, kind.last_row > after)
        .order_by(kind.first_row)
    ).all()
    for block in blocks:
        if most <= 0:
            return
        asked = {"run": run.id, "block": block, "after": after, "most": most}
        found = session.execute(some, asked).mappings().all()
        most -= len(found)
        yield from found


def _same_row(run: FeedRun, one: RowMapping) -> FeedRow:
    record = {"title": one["title"], "cost": one["wholesale_price"], "stock": one["stock"]}
    if "weight" in run.mapping.values():
        record["weight_grams"] = one["weight_grams"]
    return FeedRow(
        run_id=run.id,
        row=one["row"],
        supplier_id=run.supplier_id,
        handle=one["handle"],
        sku=one["sku"],
        action="unchanged",
        record={name: value for name, value in record.items() if value is not None},
        changes={},
        problems=[],
        same=True,
        mark="",
    )


def problem_groups(session: Session, run: FeedRun) -> Sequence[ProblemGroup]:
    """What is wrong with a run's rows, the most frequent first, errors before warnings."""
    found = session.execute(_PROBLEM_GROUPS, {"run": run.id})
    return [ProblemGroup(*row) for row in found]


@dataclass(frozen=True, slots=True)
class UndoneField:
    """A field that a run changed (``created``: what it made; ``stock``), on a ``kind`` of thing: how often it would go
    ``back`` to what was before, and how often it is ``left`` because it was changed again since."""

    field: str
    kind: str
    back: int
    left: int


@dataclass(frozen=True, slots=True)
class UndoneOne:
    """One field of one thing: its value before the run, with it, and today."""

    name: str
    field: str
    before: Any
    after: Any
    today: Any


def undo_counts(session: Session, run: FeedRun) -> Sequence[UndoneField]:
    """What undoing a run would do, field by field."""
    return [UndoneField(*row) for row in session.execute(_UNDO_COUNTS, {"run": run.id})]


def undo_examples(session: Session, run: FeedRun, *, left: bool, limit: int = 50) -> Sequence[UndoneOne]:
    """The first things that would go back, or (``left``) that were changed since."""
    found = session.execute(_UNDO_SHOWN, {"run": run.id, "left": left, "limit": limit})
    return [UndoneOne(*row) for row in found]


def left_alone(session: Session, run: FeedRun, *, limit: int = 50) -> tuple[list[tuple[str, str]], int]:
    """Of a run that was undone: what was left as it was, by name and field, the first of them and how many in all."""
    found = session.execute(_LEFT, {"run": run.id, "limit": limit}).all()
    return [(name, field) for name, field, _ in found], found[0][2] if found else 0


def why_not_undone(session: Session, run: FeedRun) -> str | None:
    """Why a run can't be undone, in words; None where it can."""
    if run.state not in ("APPLIED", "CANCELLED"):
        return "Only a file that was taken over can be rolled back."
    busy = select(FeedRun.id).where(
        FeedRun.supplier_id == run.supplier_id, FeedRun.state.in_(("APPLYING", "ROLLING_BACK"))
    )
    if session.scalar(busy.limit(1)) is not None:
        return "Another file is being worked on. Wait until it is done."
    if session.scalar(select(FeedRunChange.run_id).where(FeedRunChange.run_id == run.id).limit(1)) is None:
        touched = run.counts.get("new", 0) + run.counts.get("changed", 0) + run.counts.get("missing_done", 0)
        if touched and (run.state == "APPLIED" or run.counts.get("applied")):
            return "It is too long ago: what this file changed is no longer kept."
        return "There is nothing to roll back: this file changed nothing."
    if not any(one.back for one in undo_counts(session, run)):
        return "Everything that this file changed was changed again since."
    return None


def rejected_rows(session: Session, run: FeedRun) -> dict[int, RejectedRow]:
    """The rejected rows of a run by their numbers. Of exports with kinds of rows also those of the products
    that rejected variants belong to."""
    found = session.execute(
        select(FeedRow.row, FeedRow.handle, FeedRow.record["title"].as_string(), FeedRow.problems).where(
            FeedRow.run_id == run.id, FeedRow.action == "rejected"
        )
    ).all()
    rows = {
        number: RejectedRow(" ".join(one["message"] for one in problems if not one["warning"]), title or "")
        for number, _, title, problems in found
    }
    if run.detected.get("shape") in OF_KINDS:
        handles = {handle for _, handle, _, _ in found if handle}
        parents = session.scalars(
            select(FeedRow.row).where(
                FeedRow.run_id == run.id, FeedRow.action == "merged", FeedRow.sku == "", FeedRow.handle.in_(handles)
            )
        )
        rows |= {number: RejectedRow("") for number in parents}
    return rows
