"""Reads of what full files no longer name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.feeds.models import FeedMissingPolicy, FeedRun
from app.feeds.new_rows import NAMED
from app.feeds.rules.missing import SAFE, MissingPolicy
from app.kit import clock
from app.kit.csv_lines import csv_line
from app.kit.paging import Page, page_of, text_after

#: Of the SKUs that an origin brought before the run and that the run's file does not name: how they stand. ``due``:
#: its policy takes hold of them with this run. What another source of the supplier names is that source's.
_GONE = f"""
    with named as materialized (
        select variant.id from {NAMED} as one
        join supplier_variants as variant on variant.supplier_id = :supplier and variant.sku = one.sku
        union all
        select unnest(variants) from feed_same where run_id = :run
    ), absent as materialized (
        select * from feed_brought as brought
        where brought.origin_id = :origin and brought.supplier_id = :supplier and brought.first_run_id < :run
            and not exists (select from named where named.id = brought.variant_id)
    ), claimed as materialized (
        select distinct other.variant_id from feed_brought as other
        where other.origin_id = any(array(
            select source.id from feed_sources as source
            where source.supplier_id = :supplier and source.id <> :origin and source.removed_at is null
                and source.content = 'full'
        )) and other.missing_run_id is null
    ), gone as (
        select brought.variant_id, variant.sku, product.id as product_id, product.title, variant.status,
            coalesce(brought.missing_since, :came) as since, brought.settled, brought.settled_run_id,
            claimed.variant_id is not null as elsewhere,
            coalesce(brought.missing_run_id, :run) <= :nth and coalesce(brought.missing_since, :came) <= :before
                as long_enough
        from absent as brought
        join (
            select * from supplier_variants where id = any(array(select variant_id from absent))
        ) as variant on variant.id = brought.variant_id and variant.supplier_id = :supplier
        join supplier_products as product on product.id = variant.product_id and product.supplier_id = :supplier
        left join claimed on claimed.variant_id = brought.variant_id
    ), told as (
        select *, settled is null and status = 'active' and not elsewhere and long_enough as due from gone
    )
"""  # noqa: S608 - a constant of ``new_rows``
_COUNTS = text(
    _GONE  # noqa: S608 - a constant of this module
    + """
    select count(*) as gone, count(*) filter (where due) as due,
        (select count(*) from feed_brought
            where origin_id = :origin and supplier_id = :supplier and settled is null) as brought
    from told
    """
)
_SHOWN = text(
    _GONE  # noqa: S608 - a constant of this module
    + """
    select sku, title, product_id, since, status, settled, settled_run_id = :run as by_this, elsewhere, due,
        (select sum(greatest(level.on_hand - level.reserved, 0)) from inventory_levels as level
            where level.variant_id = told.variant_id) as free
    from told where sku > :after order by sku limit :limit
    """
)
_EXAMPLES = text(
    _GONE  # noqa: S608 - a constant of this module
    + """
    select sku, title, coalesce((select sum(greatest(level.on_hand - level.reserved, 0))::int
        from inventory_levels as level where level.variant_id = told.variant_id), 0) as free
    from told where due or :keeps order by free desc, sku limit :limit
    """
)
_DUE = text(_GONE + "select variant_id from told where due")  # noqa: S608 - a constant of this module
#: Lines of a file read at once.
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class MissingSku:
    """An SKU that a file does not name: since when, the units that were free, and what becomes of it. ``what``:
    ``zero`` or ``end`` (done with this run), ``due_zero`` or ``due_end`` (will be), ``waits`` (not missing for long
    enough), ``elsewhere`` (another feed names it), ``ended`` (off sale already) or ``kept``."""

    sku: str
    title: str
    product_id: UUID
    since: datetime
    free: int
    what: str


def origin_of(run: FeedRun) -> UUID:
    """Whose files the run's is one of: its source's, or those that the supplier's people upload."""
    return run.source_id or run.supplier_id


def policy_of(session: Session, origin_id: UUID) -> MissingPolicy:
    """What becomes of SKUs that an origin's files no longer name: what its supplier chose, else the safe thing."""
    chosen = session.get(FeedMissingPolicy, origin_id)
    if chosen is None:
        return SAFE
    return MissingPolicy(policy=chosen.policy, after_files=chosen.after_files, after_days=chosen.after_days)


def without_loops(session: Session) -> None:
    """For this transaction: no plan compares each row with each other one, which it would where it expects few rows of
    a file that has just been read."""
    session.execute(text("set local enable_nestloop = off"))


def plan_missing(session: Session, run: FeedRun) -> tuple[dict[str, Any], int]:
    """What a run's file no longer names, as the run keeps it: how many SKUs, how many of them the policy takes hold
    of, and the first of these with most stock as ``[sku, title, units]``; and how many SKUs its origin brought that
    nothing became of."""
    policy = policy_of(session, origin_of(run))
    asked = _asked(session, run, policy)
    without_loops(session)
    counts = session.execute(_COUNTS, asked).one()
    due = counts.due if policy.policy != "keep" else 0
    examples = session.execute(_EXAMPLES, {**asked, "keeps": not due, "limit": 5}) if counts.gone else ()
    return {
        **policy.to_json(),
        "gone": counts.gone,
        "due": due,
        "examples": [list(row) for row in examples],
    }, counts.brought


def due_variants(session: Session, run: FeedRun) -> tuple[Sequence[UUID], bool]:
    """The variants that a checked run's policy would take hold of, and whether it ends them (else their stock is set
    to 0)."""
    policy = policy_of(session, origin_of(run))
    planned = run.detected.get("missing") or {}
    if policy.policy == "keep" or not planned.get("due") or run.detected.get("keep_missing"):
        return [], False
    without_loops(session)
    return session.scalars(_DUE, _asked(session, run, policy)).all(), policy.policy == "end"


def missing_page(session: Session, run: FeedRun, *, limit: int, cursor: str | None) -> Page[MissingSku]:
    """What a run's file does not name, by SKU."""
    found = list(_shown(session, run, text_after(cursor) if cursor else "", limit + 1))
    return page_of(found, limit, lambda one: [one.sku])


def missing_csv(session: Session, run: FeedRun, words: Mapping[str, str]) -> Iterator[str]:
    """All of it as a file; ``words`` say what becomes of each."""
    yield csv_line(("sku", "title", "missing_since", "units", "what"))
    after = ""
    while some := list(_shown(session, run, after, _CHUNK)):
        for one in some:
            yield csv_line((one.sku, one.title, one.since.date().isoformat(), one.free, words[one.what]))
        after = some[-1].sku


def _shown(session: Session, run: FeedRun, after: str, limit: int) -> Iterator[MissingSku]:
    policy = policy_of(session, origin_of(run))
    without_loops(session)
    rows = session.execute(_SHOWN, {**_asked(session, run, policy), "after": after, "limit": limit}).all()
    open_still = run.state in ("READY", "QUARANTINED", "APPLYING", "CANCELLED")
    for row in rows:
        if row.by_this:
            what = row.settled
        elif row.status != "active":
            what = "ended"
        elif row.elsewhere:
            what = "elsewhere"
        elif policy.policy == "keep" or row.settled or run.detected.get("keep_missing"):
            what = "kept"
        elif row.due:
            what = f"due_{policy.policy}" if open_still else "kept"
        else:
            what = "waits"
        yield MissingSku(row.sku, row.title, row.product_id, row.since, int(row.free or 0), what)


def due_bounds(session: Session, run: FeedRun, policy: MissingPolicy) -> tuple[UUID | None, datetime]:
    """An SKU is missing for long enough if the first file without it is this run or an older one, and came by this
    time. None: there were too few files yet. Files that were rolled back, stopped or never taken over do not count."""
    counted = (
        select(FeedRun.id)
        .where(
            FeedRun.supplier_id == run.supplier_id,
            FeedRun.source_id.is_not_distinct_from(run.source_id),
            FeedRun.kind == "full",
            (FeedRun.state == "APPLIED") | (FeedRun.id == run.id),
            FeedRun.id <= run.id,
        )
        .order_by(FeedRun.id.desc())
        .offset(policy.after_files - 1)
        .limit(1)
    )
    return session.scalar(counted), clock.now() - timedelta(days=policy.after_days)


def _asked(session: Session, run: FeedRun, policy: MissingPolicy) -> dict[str, Any]:
    nth, before = due_bounds(session, run, policy)
    return {
        "supplier": run.supplier_id,
        "run": run.id,
        "origin": origin_of(run),
        "came": run.created_at,
        "nth": nth or UUID(int=0),
        "before": before,
    }


def missing_now(session: Session, supplier_id: UUID, origin_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many SKUs the newest file of each origin does not name, of which nothing has become yet."""
    rows = session.execute(
        text(
            "select origin_id, count(*) from feed_brought where supplier_id = :supplier and origin_id = any(:origins) "
            "and missing_run_id is not null and settled is null group by 1"
        ),
        {"supplier": supplier_id, "origins": list(origin_ids)},
    )
    return {origin: int(count) for origin, count in rows}
