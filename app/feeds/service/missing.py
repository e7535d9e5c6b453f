"""SKUs that a full file no longer names: noting them, and doing with them what their supplier chose, in batches that
may be repeated. Only what files of the same origin brought before is touched, never what people or other feeds made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session, aliased

from app.audit import service as audit
from app.catalog.models import SupplierProduct, SupplierVariant
from app.catalog.search.refreshing import tell_of_changes
from app.catalog.service import refresh_ranges
from app.catalog.service.saving import one_at_a_time
from app.feeds.missing import due_bounds, origin_of, policy_of, without_loops
from app.feeds.models import FeedBrought, FeedMissingPolicy, FeedRun, FeedSame, FeedSource
from app.feeds.new_rows import NAMED, accepted_skus
from app.feeds.rules.missing import MissingPolicy
from app.feeds.service.changes import note_changes, note_figures
from app.inventory.models import InventoryLevel
from app.inventory.queries import FIGURE_AS_OF
from app.inventory.service import StockFigure, WrongFigure, set_figures, take_back
from app.inventory.service.figures import tell_of_fresh
from app.kit import clock
from app.notifications.service import notify

#: Variants of which something becomes in one transaction.
SETTLED_AT_ONCE = 500

#: One statement, so that what a file names and what its origin brought are brought together once; of nearly all of it
#: nothing is to be noted. A rejected row names its SKU too, but brings nothing.
_NOTE = text(
    f"""
    with named as (
        select variant.id, one.accepted from {NAMED} as one
        join supplier_variants as variant on variant.supplier_id = :supplier and variant.sku = one.sku
        union all
        select unnest(variants), true from feed_same where run_id = :run
    ), brought as (
        select variant_id, missing_run_id from feed_brought where origin_id = :origin
    ), differing as materialized (
        select coalesce(brought.variant_id, named.id) as id, brought.variant_id is null as is_first,
            named.id is not null as is_named, coalesce(bool_or(named.accepted), false) as accepted
        from brought full join named on named.id = brought.variant_id
        where brought.variant_id is null or brought.missing_run_id is not null or named.id is null
        group by 1, 2, 3
    ), first as (
        insert into feed_brought (origin_id, variant_id, supplier_id, first_run_id)
        select :origin, id, :supplier, :run from differing where is_first and accepted
    ), back as (
        update feed_brought as known
        set missing_run_id = null, missing_since = null, settled = null, settled_run_id = null
        where known.origin_id = :origin
            and known.variant_id = any(array(select id from differing where is_named and not is_first))
    )
    update feed_brought as known set missing_run_id = :run, missing_since = :came
    where known.origin_id = :origin and known.missing_run_id is null
        and known.variant_id = any(array(select id from differing where not is_named))
    """  # noqa: S608 - our own
)
_SET_TO_ZERO = text(
    f"""
    select level.id, level.on_hand, change.before, change.after
    from feed_brought as known
    join inventory_levels as level on level.variant_id = known.variant_id
    join feed_run_changes as change
        on change.run_id = known.settled_run_id and change.kind = 'stock' and change.target_id = level.id
    where known.origin_id = :origin and known.variant_id = any(:variants)
        and {FIGURE_AS_OF} = (change.after ->> 'as_of')::timestamptz
    order by level.id
    """  # noqa: S608 - a constant of the inventory's queries
)


def change_policy(session: Session, supplier_id: UUID, origin_id: UUID, policy: MissingPolicy) -> None:
    """A supplier chooses what becomes of SKUs that an origin's files no longer name; it holds from the next file on.
    The caller has checked that the origin is the supplier's. Raises ``Invalid``."""
    policy.check()
    values = asdict(policy)
    statement = upsert(FeedMissingPolicy).values(
        origin_id=origin_id, supplier_id=supplier_id, **values, updated_at=clock.now()
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["origin_id"], set_={name: statement.excluded[name] for name in (*values, "updated_at")}
        )
    )
    audit.record(
        session, supplier_id, "feeds.missing_policy_changed", "feed_source", origin_id, details=policy.to_json()
    )


def note_missing(session: Session, run_id: UUID) -> None:
    """Note what a full file that is taken over to its end names, and what it no longer names. What was set to 0 and is
    named again without a figure has its stock back. Repeated, nothing more happens."""
    run = _locked(session, run_id)
    if run.state != "APPLYING" or run.kind != "full":
        return
    asked = {"run": run.id, "origin": origin_of(run), "supplier": run.supplier_id, "came": run.created_at}
    _give_stock_back(session, run)
    without_loops(session)
    # Another file of the origin may name the same for the first time.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"brought by {asked['origin']}", 0))))
    session.execute(_NOTE, asked)


def settle_missing(session: Session, run_id: UUID) -> bool:
    """Do with the next SKUs that a run's file does not name what its supplier chose. False when there is none left, or
    nothing is to be done. What was done is kept in the same transaction, for undoing it."""
    run = _locked(session, run_id)
    policy = policy_of(session, origin_of(run))
    if policy.policy == "keep" or run.kind != "full" or run.detected.get("keep_missing"):
        return False
    if run.state != "APPLYING" and not _is_newest(session, run):
        return False
    found = _due(session, run, policy)
    if not found:
        return False
    if policy.policy == "zero":
        _set_to_zero(session, run, found)
    else:
        _end(session, run, found)
    session.execute(
        update(FeedBrought)
        .where(FeedBrought.origin_id == origin_of(run), FeedBrought.variant_id.in_(found))
        .values(settled=policy.policy, settled_run_id=run.id)
        .execution_options(synchronize_session=False)
    )
    done = run.counts.get("missing_done", 0) + len(found)
    run.counts = {**run.counts, "missing_done": done}
    _tell(session, run, policy, done)
    return True


def runs_to_look_at(session: Session) -> Sequence[UUID]:
    """The newest run of each origin whose policy counts days: what was missing may be so for long enough by now, though
    no other file came."""
    days = select(FeedMissingPolicy).where(FeedMissingPolicy.policy != "keep", FeedMissingPolicy.after_days > 0)
    found = []
    for policy in session.scalars(days.order_by(FeedMissingPolicy.origin_id)):
        of = (
            FeedRun.source_id.is_(None)
            if policy.origin_id == policy.supplier_id
            else FeedRun.source_id == policy.origin_id
        )
        newest = session.scalar(
            select(FeedRun.id)
            .where(FeedRun.supplier_id == policy.supplier_id, of, FeedRun.kind == "full", FeedRun.state == "APPLIED")
            .order_by(FeedRun.id.desc())
            .limit(1)
        )
        if newest is not None:
            found.append(newest)
    return found


def forget_undone(session: Session, run: FeedRun) -> None:
    """A run was undone: what it brought first was not brought, what it no longer named is not missing, and nothing
    became of it."""
    of = FeedBrought.origin_id == origin_of(run)
    nothing = {"settled": None, "settled_run_id": None}
    named = {"missing_run_id": None, "missing_since": None}
    for condition, values in (
        (FeedBrought.settled_run_id == run.id, nothing),
        ((FeedBrought.missing_run_id == run.id) & FeedBrought.settled.is_(None), named),
    ):
        session.execute(
            update(FeedBrought).where(of, condition).values(**values).execution_options(synchronize_session=False)
        )
    without_loops(session)
    later = _newer(run).where(FeedRun.state == "APPLIED").order_by(FeedRun.id.desc()).limit(1).scalar_subquery()
    accepted = accepted_skus([later]).subquery()
    named_later = (
        select(SupplierVariant.id)
        .join(accepted, accepted.c.sku == SupplierVariant.sku)
        .where(SupplierVariant.supplier_id == run.supplier_id)
        .union_all(select(func.unnest(FeedSame.variants)).where(FeedSame.run_id == later))
        .cte("named_later")
        .prefix_with("materialized")
    )
    session.execute(
        delete(FeedBrought)
        .where(
            of,
            FeedBrought.first_run_id == run.id,
            ~exists().where(named_later.c.id == FeedBrought.variant_id),
        )
        .execution_options(synchronize_session=False)
    )


def _locked(session: Session, run_id: UUID) -> FeedRun:
    return session.scalars(select(FeedRun).where(FeedRun.id == run_id).with_for_update()).one()


def _newer(run: FeedRun) -> Select[UUID]:
    return select(FeedRun.id).where(
        FeedRun.supplier_id == run.supplier_id,
        FeedRun.source_id.is_not_distinct_from(run.source_id),
        FeedRun.kind == "full",
        FeedRun.id > run.id,
    )


def _is_newest(session: Session, run: FeedRun) -> bool:
    """Whether a run was taken over and no later file of its origin came that may be as well."""
    later = _newer(run).where(FeedRun.state.not_in(("FAILED", "DISCARDED")))
    return run.state == "APPLIED" and session.scalar(later.limit(1)) is None


def _due(session: Session, run: FeedRun, policy: MissingPolicy) -> list[UUID]:
    nth, before = due_bounds(session, run, policy)
    if nth is None:
        return []
    other = aliased(FeedBrought)
    elsewhere = exists().where(
        other.variant_id == FeedBrought.variant_id,
        other.origin_id != FeedBrought.origin_id,
        other.missing_run_id.is_(None),
        FeedSource.id == other.origin_id,
        FeedSource.supplier_id == run.supplier_id,
        FeedSource.removed_at.is_(None),
        FeedSource.content == "full",
    )
    return list(
        session.scalars(
            select(FeedBrought.variant_id)
            .join(SupplierVariant, SupplierVariant.id == FeedBrought.variant_id)
            .where(
                FeedBrought.origin_id == origin_of(run),
                FeedBrought.supplier_id == run.supplier_id,
                FeedBrought.missing_run_id.is_not(None),
                FeedBrought.missing_run_id <= nth,
                FeedBrought.missing_since <= before,
                FeedBrought.settled.is_(None),
                SupplierVariant.status == "active",
                ~elsewhere,
            )
            .order_by(FeedBrought.variant_id)
            .limit(SETTLED_AT_ONCE)
        )
    )


def _set_to_zero(session: Session, run: FeedRun, variant_ids: Sequence[UUID]) -> None:
    """Figures that came after the file stay: somebody knows better."""
    known = session.scalars(
        select(InventoryLevel.variant_id).where(InventoryLevel.variant_id.in_(variant_ids)).distinct()
    ).all()
    figures = [StockFigure(variant_id, 0, run.created_at) for variant_id in sorted(known)]
    if figures:
        results = set_figures(session, run.supplier_id, figures, because=f"feed_run:{run.id}")
        note_figures(session, run, list(zip(figures, results, strict=True)))


def _end(session: Session, run: FeedRun, variant_ids: Sequence[UUID]) -> None:
    """Variants are off sale; so is a product of which no variant is left."""
    one_at_a_time(session, run.supplier_id)
    now = clock.now()
    ended = session.execute(
        update(SupplierVariant)
        .where(SupplierVariant.id.in_(variant_ids), SupplierVariant.status == "active")
        .values(status="ended", updated_at=now)
        .returning(SupplierVariant.id, SupplierVariant.product_id)
        .execution_options(synchronize_session=False)
    ).all()
    touched = {row.product_id for row in ended}
    left = exists().where(SupplierVariant.product_id == SupplierProduct.id, SupplierVariant.status == "active")
    products = session.scalars(
        update(SupplierProduct)
        .where(SupplierProduct.id.in_(touched), SupplierProduct.status == "active", ~left)
        .values(status="ended", ended_by_feed=True, updated_at=now)
        .returning(SupplierProduct.id)
        .execution_options(synchronize_session=False)
    ).all()
    before, after = {"status": "active"}, {"status": "ended"}
    note_changes(session, run, [("variant", row.id, before, after) for row in ended])
    note_changes(session, run, [("product", product_id, before, after) for product_id in products])
    refresh_ranges(session, touched)
    tell_of_changes(session, run.supplier_id, touched)
    tell_of_fresh(session, run.supplier_id, sorted(row.id for row in ended))


def _give_stock_back(session: Session, run: FeedRun) -> None:
    """What was set to 0 for want of a row, and has one again that tells no stock, has the figure of before."""
    zeroed = {
        sku: variant_id
        for variant_id, sku in session.execute(
            select(FeedBrought.variant_id, SupplierVariant.sku)
            .join(SupplierVariant, SupplierVariant.id == FeedBrought.variant_id)
            .where(FeedBrought.origin_id == origin_of(run), FeedBrought.settled == "zero")
        )
    }
    if not zeroed:
        return
    # Few were set to 0, and a run may name hundreds of thousands.
    accepted = accepted_skus([run.id]).subquery()
    named = session.scalars(select(accepted.c.sku).where(accepted.c.sku.in_(list(zeroed)))).all()
    same = select(func.unnest(FeedSame.variants).label("id")).where(FeedSame.run_id == run.id).subquery()
    found_same = session.scalars(select(same.c.id).where(same.c.id.in_(list(zeroed.values()))))
    asked = {"origin": origin_of(run), "variants": [*(zeroed[sku] for sku in named), *found_same]}
    found = session.execute(_SET_TO_ZERO, asked).all()
    wrong = [
        WrongFigure(
            row.id,
            row.before["on_hand"],
            datetime.fromisoformat(row.before["as_of"]),
            row.after["on_hand"],
            datetime.fromisoformat(row.after["as_of"]),
        )
        for row in found
    ]
    if not wrong:
        return
    back = take_back(session, run.supplier_id, wrong, because=f"feed_run:{run.id}")
    standing = {
        level_id: on_hand
        for level_id, on_hand in session.execute(
            select(InventoryLevel.id, InventoryLevel.on_hand).where(InventoryLevel.id.in_(back))
        )
    }
    note_changes(
        session,
        run,
        [
            (
                "stock",
                row.id,
                {"on_hand": row.on_hand, "as_of": row.after["as_of"]},
                {"on_hand": standing[row.id], "as_of": row.before["as_of"], "quantity": standing[row.id]},
            )
            for row in found
            if row.id in standing
        ],
    )


def _tell(session: Session, run: FeedRun, policy: MissingPolicy, done: int) -> None:
    """The supplier sees it on its home; of an upload it saw it before."""
    if run.source_id is None:
        return
    name = session.scalar(select(FeedSource.name).where(FeedSource.id == run.source_id))
    became = "Stock was set to 0" if policy.policy == "zero" else "What is missing was taken off sale"
    notify(
        session,
        run.supplier_id,
        kind="feed_missing",
        title=f"“{name}” no longer names {done} SKUs" if done > 1 else f"“{name}” no longer names an SKU",
        body=f"{became}, as you chose. A file that names it again brings it back.",
        link=f"/supplier/uploads/{run.id}/missing",
        dedupe=f"feed_missing:{run.source_id}",
    )
