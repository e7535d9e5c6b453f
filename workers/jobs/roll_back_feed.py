"""Undo what a file changed that was taken over."""

from __future__ import annotations

from app.feeds.events import FeedRollbackWanted
from app.feeds.service import finish_rolling_back, undo_batch
from app.kit.crash import crash_point
from workers.job import Run, job


@job(queue="bulk", on=FeedRollbackWanted, timeout=1800)
def roll_back_feed(run: Run, event: FeedRollbackWanted) -> None:
    """See the module. Interrupted, it goes on where it stopped."""
    while True:
        with run.transaction() as session:
            more = undo_batch(session, event.run_id)
        if not more:
            break
        crash_point("feed.batch_undone")
    with run.closing() as session:
        finish_rolling_back(session, event.run_id)
