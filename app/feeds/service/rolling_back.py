"""Undoing a run that was taken over, wholly or in part, in batches that may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.catalog.models import SupplierVariant
from app.catalog.service import CatalogChange, restore
from app.feeds.events import FeedFinished, FeedRollbackWanted
from app.feeds.models import FeedRun, FeedRunChange, FeedSame
from app.feeds.new_rows import accepted_skus
from app.feeds.queries import why_not_undone
from app.feeds.service.marking import forget_marks
from app.feeds.service.missing import forget_undone
from app.feeds.service.receiving import own_run
from app.inventory.events import InventoryChanged
from app.inventory.queries import choices_of
from app.inventory.rules import STOCK_CHOICES, StockChoices
from app.inventory.service import StockChoice, WrongFigure, choose_stock, take_back
from app.kit import clock
from app.kit.errors import Conflict
from app.outbox.service import emit

#: Changes undone in one transaction.
CHANGES_AT_ONCE = 500


def want_rolled_back(session: Session, supplier_id: UUID, run_id: UUID) -> FeedRun:
    """Undo what a run changed; a job does it. Asked again, nothing more happens. Raises ``Conflict`` where it can't be
    undone, with the reason."""
    run = own_run(session, supplier_id, run_id)
    if run.state in ("ROLLING_BACK", "ROLLED_BACK"):
        return run
    reason = why_not_undone(session, run)
    if reason is not None:
        raise Conflict(reason, code="feed_not_undoable")
    total = session.scalar(select(func.count()).select_from(FeedRunChange).where(FeedRunChange.run_id == run.id))
    run.state = "ROLLING_BACK"
    run.counts = {**run.counts, "to_undo": total or 0, "undone": 0, "undone_to": None}
    audit.record(session, supplier_id, "feeds.rollback_wanted", "feed_run", run.id)
    emit(session, FeedRollbackWanted(supplier_id=supplier_id, run_id=run.id))
    return run


def undo_batch(session: Session, run_id: UUID) -> bool:
    """Undo the next changes of a run. False when none is left. How far it got is kept in the same transaction."""
    run = session.scalars(select(FeedRun).where(FeedRun.id == run_id).with_for_update()).one()
    if run.state != "ROLLING_BACK":
        return False
    place = tuple_(FeedRunChange.kind, FeedRunChange.target_id)
    query = select(FeedRunChange).where(FeedRunChange.run_id == run_id)
    after = run.counts.get("undone_to")
    if after:
        query = query.where(place > tuple_(literal(after[0]), literal(UUID(after[1]))))
    order = (FeedRunChange.kind, FeedRunChange.target_id)
    changes = session.scalars(query.order_by(*order).limit(CHANGES_AT_ONCE)).all()
    if not changes:
        return False
    # Pictures that are put back leave no trace in their product's time.
    forget_marks(session, run.supplier_id)
    _undo_catalogue(session, run, [one for one in changes if one.kind in ("product", "variant")])
    _undo_choices(session, run, [one for one in changes if one.kind == "choice"])
    _undo_stock(session, run, [one for one in changes if one.kind == "stock"])
    last = changes[-1]
    run.counts = {
        **run.counts,
        "undone": run.counts.get("undone", 0) + len(changes),
        "undone_to": [last.kind, str(last.target_id)],
    }
    return True


def finish_rolling_back(session: Session, run_id: UUID) -> None:
    """All that could be undone is."""
    run = session.scalars(select(FeedRun).where(FeedRun.id == run_id).with_for_update()).one()
    if run.state == "ROLLING_BACK":
        forget_undone(session, run)
        run.state, run.rolled_back_at = "ROLLED_BACK", clock.now()
        audit.record(session, run.supplier_id, "feeds.rolled_back", "feed_run", run.id)
        emit(session, FeedFinished(supplier_id=run.supplier_id, run_id=run.id, state=run.state))


def _undo_catalogue(session: Session, run: FeedRun, changes: Sequence[FeedRunChange]) -> None:
    if not changes:
        return
    results, offered = restore(
        session,
        run.supplier_id,
        [
            CatalogChange(
                kind="product" if one.kind == "product" else "variant",
                target_id=one.target_id,
                created=one.created,
                before=one.before,
                after=one.after,
            )
            for one in changes
        ],
        keep=_named_later(session, run, changes),
    )
    for one, result in zip(changes, results, strict=True):
        one.undone = {"back": result.back, "left": result.left}
    if offered:
        emit(session, InventoryChanged(supplier_id=run.supplier_id, variant_ids=tuple(sorted(offered))))


def _undo_stock(session: Session, run: FeedRun, changes: Sequence[FeedRunChange]) -> None:
    if not changes:
        return
    set_back = take_back(
        session,
        run.supplier_id,
        [
            WrongFigure(
                one.target_id,
                one.before["on_hand"],
                datetime.fromisoformat(one.before["as_of"]),
                one.after["on_hand"],
                datetime.fromisoformat(one.after["as_of"]),
            )
            for one in changes
        ],
        because=f"feed_run:{run.id}",
    )
    for one in changes:
        back = one.target_id in set_back
        one.undone = {"back": ["stock"] if back else [], "left": {} if back else {"stock": None}}


def _undo_choices(session: Session, run: FeedRun, changes: Sequence[FeedRunChange]) -> None:
    if not changes:
        return
    today = choices_of(session, run.supplier_id, [one.target_id for one in changes])
    back: dict[UUID, StockChoice] = {}
    for one in changes:
        stands = today.get(one.target_id, {})
        named = [name for name in STOCK_CHOICES if name in one.after]
        still: StockChoices = {name: one.before[name] for name in named if stands.get(name) == one.after[name]}
        left = {name: stands.get(name) for name in named if stands.get(name) not in (one.after[name], one.before[name])}
        one.undone = {"back": list(still), "left": left}
        if still:
            back[one.target_id] = StockChoice(frozenset(still), **still)
    choose_stock(session, run.supplier_id, back)


def _named_later(session: Session, run: FeedRun, changes: Sequence[FeedRunChange]) -> set[UUID]:
    """Of the variants that the run created: those that a later file of products, which was taken over, names too. Of a
    source only its newest file counts."""
    created = {
        UUID(str(one)) for change in changes if change.created
        for one in change.after.get("variants", [change.target_id])
    }  # fmt: skip
    if not created:
        return set()
    later = session.execute(
        select(FeedRun.id, FeedRun.source_id)
        .where(
            FeedRun.supplier_id == run.supplier_id,
            FeedRun.id > run.id,
            FeedRun.kind == "full",
            FeedRun.state.in_(("APPLYING", "APPLIED")),
        )
        .order_by(FeedRun.id)
    ).all()
    newest = {source or one: one for one, source in later}
    if not newest:
        return set()
    return set(
        session.scalars(
            select(SupplierVariant.id).where(
                SupplierVariant.id.in_(created),
                or_(
                    SupplierVariant.sku.in_(accepted_skus(list(newest.values()))),
                    SupplierVariant.id.in_(
                        select(func.unnest(FeedSame.variants)).where(FeedSame.run_id.in_(newest.values()))
                    ),
                ),
            )
        )
    )
