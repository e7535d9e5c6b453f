"""Holding a file back that differs too much from what stands."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.feeds.models import FeedLimits, FeedRun
from app.feeds.rules.guard import BOUNDS, DEFAULT_LIMITS, Compared, GuardLimits, findings
from app.kit import clock
from app.kit.errors import FieldError, Invalid

_COMPARED = text(
    """
    with known as (
        select
            (changes -> 'stock' ->> 0)::numeric as stock_before,
            (changes -> 'stock' ->> 1)::numeric as stock_after,
            (record ->> 'stock')::numeric as stock,
            changes ? 'cost' as moved,
            nullif((changes -> 'cost' ->> 0)::numeric, 0) as cost_before,
            (changes -> 'cost' ->> 1)::numeric as cost_after,
            (record ->> 'cost')::numeric as cost,
            nullif((changes -> 'weight_grams' ->> 0)::numeric, 0) as weight_before,
            nullif((changes -> 'weight_grams' ->> 1)::numeric, 0) as weight_after,
            (record ->> 'weight_grams')::numeric as weight
        from feed_rows where run_id = :run and action in ('changed', 'unchanged')
    ), same as (
        -- Rows that stand together; each has a price, and it has not moved.
        select coalesce(sum(had_stock), 0) as had_stock, coalesce(sum(weighed), 0) as weighed,
            coalesce(sum(cardinality(row_numbers)), 0) as priced
        from feed_same where run_id = :run
    ), moves as (
        select case when moved and cost_before is not null and cost_after is not null
            then abs(cost_after - cost_before) * 100 / cost_before else 0 end as percent
        from known where cost is not null
        union all
        select 0 from same, generate_series(1, same.priced)
    )
    select
        count(*) filter (where coalesce(stock_before, stock) > 0) + (select had_stock from same) as had_stock,
        count(*) filter (where stock_before > 0 and stock_after = 0) as to_zero,
        count(cost) + (select priced from same) as priced,
        (select coalesce(percentile_cont(0.5) within group (order by percent), 0) from moves) as median_price,
        count(*) filter (
            where cost_after > cost_before * :factor or cost_after * :factor < cost_before
        ) as far_prices,
        count(*) filter (
            where moved and abs(cost_after - cost_before) * 100 > cost_before * :moved_by
        ) as moved_prices,
        count(weight) + (select weighed from same) as weighed,
        count(*) filter (where weight_after >= weight_before * 2 or weight_after * 2 <= weight_before) as far_weights
    from known
    """
)
_REJECTED = text(
    """
    select count(*) filter (where not problems @> '[{"code": "unknown_sku"}]') as rejected,
        count(*) filter (where problems @> '[{"code": "other_currency"}]') as other_currency
    from feed_rows where run_id = :run and action = 'rejected'
    """
)
#: How the rows of a finding are found, and which of them is the worst.
_WORST = {
    "to_zero": (
        "(changes -> 'stock' ->> 0)::numeric > 0 and (changes -> 'stock' ->> 1)::numeric = 0",
        "(changes -> 'stock' ->> 0)::numeric desc",
        "stock",
    ),
    "median_price": (
        "(changes -> 'cost' ->> 0)::numeric > 0 and (changes -> 'cost' ->> 1)::numeric > 0",
        "abs(ln((changes -> 'cost' ->> 1)::numeric / (changes -> 'cost' ->> 0)::numeric)) desc",
        "cost",
    ),
    "weights": (
        "(changes -> 'weight_grams' ->> 0)::numeric > 0 and (changes -> 'weight_grams' ->> 1)::numeric > 0",
        "abs(ln((changes -> 'weight_grams' ->> 1)::numeric / (changes -> 'weight_grams' ->> 0)::numeric)) desc",
        "weight_grams",
    ),
}
_WORST["far_prices"] = _WORST["moved_prices"] = _WORST["median_price"]
_EXAMPLES = 5
#: Findings that say nothing of a file that somebody uploads.
_USUAL_BY_HAND = ("fewer_rows", "rejected")


def held_back(session: Session, run: FeedRun, missing: tuple[int, int] = (0, 0)) -> list[dict[str, Any]]:
    """Why a checked run should be looked at before it is taken over: findings, each with its worst examples as
    ``[sku, today, in the file]``. Empty when it may go on by itself. ``missing``: how many SKUs would be set to 0 or
    ended because the file no longer names them, of how many. Of what somebody uploads the rows are counted neither
    against those before (it may be a part of the list) nor against those that are rejected, which are taken in hand."""
    limits = limits_of(session, run.supplier_id)
    row = session.execute(_COMPARED, {"run": run.id, "factor": limits.price_factor, "moved_by": limits.moved_by}).one()
    refused = session.execute(_REJECTED, {"run": run.id}).one()
    compared = Compared(
        rows=run.counts["variants"],
        rows_before=_rows_before(session, run),
        rejected=refused.rejected,
        had_stock=row.had_stock,
        to_zero=row.to_zero,
        priced=row.priced,
        median_price=row.median_price,
        far_prices=row.far_prices,
        moved_prices=row.moved_prices,
        weighed=row.weighed,
        far_weights=row.far_weights,
        other_currency=refused.other_currency,
        missing=missing[0],
        brought=missing[1],
    )
    return [
        {**finding.to_json(), "examples": _examples(session, run, finding.kind)}
        for finding in findings(compared, limits)
        if run.source_id is not None or finding.kind not in _USUAL_BY_HAND
    ]


def limits_of(session: Session, supplier_id: UUID) -> GuardLimits:
    """What is taken over of a supplier's files without asking: what it chose, else the usual."""
    chosen = session.get(FeedLimits, supplier_id)
    if chosen is None:
        return DEFAULT_LIMITS
    return GuardLimits(**{name: getattr(chosen, name) for name in BOUNDS})


def change_limits(session: Session, supplier_id: UUID, limits: GuardLimits) -> None:
    """A supplier chooses its limits; they hold for files from now on. Raises ``Invalid``."""
    wrong = [
        FieldError(name, "out_of_range", f"A whole number from {least} to {most}.")
        for name, (least, most) in BOUNDS.items()
        if not least <= getattr(limits, name) <= most
    ]
    if wrong:
        raise Invalid("A limit is out of range.", errors=wrong)
    values = asdict(limits)
    statement = upsert(FeedLimits).values(supplier_id=supplier_id, **values, updated_at=clock.now())
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["supplier_id"], set_={name: statement.excluded[name] for name in (*values, "updated_at")}
        )
    )
    audit.record(session, supplier_id, "feeds.limits_changed", "supplier", supplier_id, details=values)


def _rows_before(session: Session, run: FeedRun) -> int | None:
    if run.source_id is None:
        return None
    before = session.scalar(
        select(FeedRun.counts["variants"].as_integer())
        .where(
            FeedRun.source_id == run.source_id,
            FeedRun.kind == run.kind,
            FeedRun.id < run.id,
            FeedRun.state == "APPLIED",
        )
        .order_by(FeedRun.id.desc())
        .limit(1)
    )
    return int(before) if before is not None else None


def _examples(session: Session, run: FeedRun, kind: str) -> list[list[Any]]:
    if kind == "missing":
        ended = run.detected["missing"]["policy"] == "end"
        return [[sku, units, "–" if ended else 0] for sku, _, units in run.detected["missing"]["examples"]]
    if kind not in _WORST:
        return []
    condition, order, name = _WORST[kind]
    found = session.execute(
        text(
            f"select sku, changes -> '{name}' from feed_rows "  # noqa: S608 – constants of this module
            f"where run_id = :run and action = 'changed' and {condition} order by {order}, row limit {_EXAMPLES}"
        ),
        {"run": run.id},
    )
    return [[sku, *pair] for sku, pair in found]


def held_question(run: FeedRun) -> str:
    """What the notice of a held run is known by: one for a source, however many files are held."""
    return f"feed_held:{run.source_id or run.id}"
