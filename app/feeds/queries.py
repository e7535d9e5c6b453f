"""Reads of feed runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.feeds.models import FeedFetch, FeedMapping, FeedRow, FeedRun, FeedSource
from app.kit.csv_lines import csv_line
from app.kit.errors import NotFound
from app.kit.paging import LARGEST_LIMIT, Page, id_after, number_after, page_of

_REJECTED_COLUMNS = ("row", "product_id", "sku", "title", "reason")
_AT_ONCE = 500
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
    """Rows of a run in the order of the file, of one action (``new``, ``changed``…) or all."""
    limit = min(limit, LARGEST_LIMIT)
    query = select(FeedRow).where(FeedRow.run_id == run.id, FeedRow.supplier_id == run.supplier_id)
    if action:
        query = query.where(FeedRow.action == action)
    if cursor:
        query = query.where(FeedRow.row > number_after(cursor))
    return page_of(session.scalars(query.order_by(FeedRow.row).limit(limit + 1)).all(), limit, lambda row: [row.row])


def problem_groups(session: Session, run: FeedRun) -> Sequence[ProblemGroup]:
    """What is wrong with a run's rows, the most frequent first, errors before warnings."""
    found = session.execute(_PROBLEM_GROUPS, {"run": run.id})
    return [ProblemGroup(*row) for row in found]


def rejected_rows_csv(session: Session, run: FeedRun) -> Iterator[str]:
    """The rejected rows with their reasons, as CSV in pieces. Cells that spreadsheets would take for formulas
    are escaped."""
    yield csv_line(_REJECTED_COLUMNS)
    after = 0
    while True:
        found = session.scalars(
            select(FeedRow)
            .where(FeedRow.run_id == run.id, FeedRow.action == "rejected", FeedRow.row > after)
            .order_by(FeedRow.row)
            .limit(_AT_ONCE)
        ).all()
        if not found:
            return
        for row in found:
            reasons = "; ".join(problem["message"] for problem in row.problems if not problem["warning"])
            yield csv_line((str(row.row), row.handle, row.sku, str(row.record.get("title", "")), reasons))
        after = found[-1].row
