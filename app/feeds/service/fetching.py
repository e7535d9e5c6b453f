"""Looking at sources: which are due, and what came of a look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.feeds.events import FeedDue, FeedSourceFailing
from app.feeds.files import storage
from app.feeds.models import FeedFetch, FeedRun, FeedSource
from app.feeds.rules.schedule import TOLD_AFTER, next_run, next_try
from app.feeds.service.receiving import receive_upload
from app.feeds.service.sources import access_of, trouble
from app.feeds.source import Access
from app.kit import clock
from app.kit.ids import new_id
from app.kit.storage import Stored
from app.notifications.service import resolve
from app.outbox.service import emit
from app.suppliers.models import Supplier
from app.suppliers.rules import REJECTED, TERMINATED

#: Sources put to work at once, in all and of one supplier.
_AT_ONCE, _OF_ONE = 200, 3
#: Runs of a source that a newer file overtakes.
_WAITING = ("READY", "NEEDS_MAPPING", "QUARANTINED")


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """What a look needs to know."""

    source_id: UUID
    supplier_id: UUID
    kind: str
    address: str
    access: Access
    marks: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that was fetched and kept. ``feed`` is the format's adapter."""

    file_name: str
    feed: str
    file_key: str
    stored: Stored
    marks: Mapping[str, str] = field(default_factory=dict)


def put_due_to_work(session: Session, now: datetime) -> int:
    """Tell of the sources that are due, the longest waiting first and at most three of one supplier. A look that never
    comes to an end is followed by the next one at its usual time. Returns how many."""
    waiting = (
        select(
            FeedSource.id,
            FeedSource.next_run_at,
            func.row_number().over(partition_by=FeedSource.supplier_id, order_by=FeedSource.next_run_at).label("place"),
        )
        .join(Supplier, Supplier.id == FeedSource.supplier_id)
        .where(FeedSource.next_run_at <= now, Supplier.status.not_in((REJECTED, TERMINATED)))
        .subquery()
    )
    due = session.scalars(
        select(FeedSource)
        .where(
            FeedSource.id.in_(
                select(waiting.c.id).where(waiting.c.place <= _OF_ONE).order_by(waiting.c.next_run_at).limit(_AT_ONCE)
            ),
            FeedSource.next_run_at <= now,
        )
        .with_for_update(skip_locked=True)
    ).all()
    for source in due:
        source.next_run_at = next_run(source.id, source.every_minutes, now)
        emit(session, FeedDue(supplier_id=source.supplier_id, source_id=source.id))
    return len(due)


def plan_fetch(session: Session, source_id: UUID) -> FetchPlan | None:
    """What is needed to look; None when that is no longer wanted."""
    source = session.get(FeedSource, source_id)
    if source is None or source.paused or source.removed_at is not None:
        return None
    return FetchPlan(source.id, source.supplier_id, source.kind, source.address, access_of(source), dict(source.marks))


def note_unchanged(session: Session, plan: FetchPlan, marks: Mapping[str, str]) -> None:
    """The file is the one of the last time; nothing is done."""
    source = _locked(session, plan.source_id)
    if source is None:
        return
    _went_well(session, source, plan, marks, "unchanged")
    _write_down(session, source, "unchanged")


def note_failed(session: Session, plan: FetchPlan, message: str, *, for_good: bool) -> None:
    """The look failed. The supplier is told once, after three in a row, or at once when trying again is useless."""
    source = _locked(session, plan.source_id)
    if source is None:
        return
    now = clock.now()
    source.state, source.error, source.fetched_at = "failed", message, now
    source.failures += 1
    if source.next_run_at is not None:
        source.next_run_at = next_try(source.id, source.failures, now)
    _write_down(session, source, "failed", message=message)
    if source.told_at is None and (for_good or source.failures >= TOLD_AFTER):
        source.told_at = now
        emit(session, FeedSourceFailing(supplier_id=source.supplier_id, source_id=source.id))


def take_file(session: Session, plan: FetchPlan, file: NewFile) -> FeedRun | None:
    """Make a run of a new file; None when it is the file of the last time after all. Waiting runs of the source are
    overtaken by it. Taken twice, after a crash, the second time changes nothing."""
    source = _locked(session, plan.source_id)
    if source is None:
        storage().delete(file.file_key)
        return None
    if file.stored.sha256 == source.sha256:
        storage().delete(file.file_key)
        _went_well(session, source, plan, file.marks, "unchanged")
        _write_down(session, source, "unchanged", file_name=file.file_name, size_bytes=file.stored.size)
        return None
    run = receive_upload(
        session,
        source.supplier_id,
        file_name=file.file_name,
        feed=file.feed,
        file_key=file.file_key,
        stored=file.stored,
        source_id=source.id,
        kind=source.content,
    )
    overtaken = session.scalars(
        select(FeedRun)
        .where(FeedRun.source_id == source.id, FeedRun.id != run.id, FeedRun.state.in_(_WAITING))
        .with_for_update()
    )
    for old in overtaken:
        old.state, old.error = "DISCARDED", "A newer file of the source came."
    _went_well(session, source, plan, file.marks, "ok")
    source.sha256, source.last_run_id = file.stored.sha256, run.id
    _write_down(session, source, "taken", file_name=file.file_name, size_bytes=file.stored.size, run_id=run.id)
    return run


def note_test(session: Session, source: FeedSource, marks: Mapping[str, str], sample: Mapping[str, Any]) -> None:
    """A test's first rows. A server's key that was seen is remembered; nothing else is, so that the next fetch takes
    the file."""
    if "host_key" in marks:
        source.marks = {**source.marks, "host_key": marks["host_key"]}
    _write_down(
        session,
        source,
        "tested",
        file_name=str(sample.get("file_name", "")),
        size_bytes=int(sample.get("size", 0)),
        sample=dict(sample),
    )


def note_test_failed(session: Session, source: FeedSource, message: str) -> None:
    """A test that brought nothing."""
    _write_down(session, source, "tested", message=message)


def _locked(session: Session, source_id: UUID) -> FeedSource | None:
    return session.scalar(
        select(FeedSource).where(FeedSource.id == source_id, FeedSource.removed_at.is_(None)).with_for_update()
    )


def _went_well(session: Session, source: FeedSource, plan: FetchPlan, marks: Mapping[str, str], state: str) -> None:
    now = clock.now()
    # The address may have been changed meanwhile; then what was seen there counts no more.
    if (source.kind, source.address) == (plan.kind, plan.address):
        source.marks = dict(marks)
    source.state, source.error, source.failures, source.told_at = state, None, 0, None
    source.fetched_at = now
    if source.next_run_at is not None:
        source.next_run_at = next_run(source.id, source.every_minutes, now)
    resolve(session, source.supplier_id, trouble(source.id))


def _write_down(session: Session, source: FeedSource, outcome: str, **what: Any) -> None:
    session.add(
        FeedFetch(
            id=new_id(), supplier_id=source.supplier_id, source_id=source.id, at=clock.now(), outcome=outcome, **what
        )
    )
