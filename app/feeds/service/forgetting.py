"""Old runs of sources are forgotten but for their counts: a file may come every five minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, select, tuple_
from sqlalchemy.orm import Session

from app.feeds.files import storage
from app.feeds.models import FeedNew, FeedRow, FeedRun, FeedRunChange, FeedSame, FeedSource
from app.feeds.service.known_lines import forget_told

KEPT_FOR = timedelta(days=14)
_DONE = ("APPLIED", "DISCARDED", "FAILED", "CANCELLED", "ROLLED_BACK")
#: Rows removed in one transaction.
_AT_ONCE = 5000


def forget_old_runs(session: Session, now: datetime) -> bool:
    """Remove rows, what they changed, and then the file, of one old run that is done; the newest run of a source stays
    whole. False when none is left."""
    newest_of_a_source = exists().where(FeedSource.last_run_id == FeedRun.id)
    run = session.scalar(
        select(FeedRun)
        .where(
            FeedRun.source_id.is_not(None),
            FeedRun.created_at < now - KEPT_FOR,
            FeedRun.state.in_(_DONE),
            FeedRun.file_key != "",
            ~newest_of_a_source,
        )
        .order_by(FeedRun.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if run is None:
        return False
    some = select(FeedRow.run_id, FeedRow.row).where(FeedRow.run_id == run.id).limit(_AT_ONCE)
    removed = len(
        session.execute(
            delete(FeedRow).where(tuple_(FeedRow.run_id, FeedRow.row).in_(some)).returning(FeedRow.row)
        ).all()
    )
    one = FeedRunChange
    some_changes = select(one.run_id, one.kind, one.target_id).where(one.run_id == run.id).limit(_AT_ONCE - removed)
    removed += len(
        session.execute(
            delete(one).where(tuple_(one.run_id, one.kind, one.target_id).in_(some_changes)).returning(one.kind)
        ).all()
    )
    if removed < _AT_ONCE:
        for blocks in (FeedSame, FeedNew):
            session.execute(delete(blocks).where(blocks.run_id == run.id))
        forget_told(run.file_key)
        storage().delete(run.file_key)
        run.file_key = ""
    return True
