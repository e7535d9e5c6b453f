"""Take a checked file over into the catalogue and the stock."""

from __future__ import annotations

from app.feeds.events import FeedApplyWanted
from app.feeds.service import apply_batch, finish_applying
from app.kit.crash import crash_point
from workers.job import Run, job


@job(queue="bulk", on=FeedApplyWanted, timeout=1800)
def apply_feed(run: Run, event: FeedApplyWanted) -> None:
    """See the module. Interrupted, it goes on where it stopped."""
    while True:
        with run.transaction() as session:
            more = apply_batch(session, event.run_id)
        if not more:
            break
        crash_point("feed.batch_applied")
    with run.closing() as session:
        finish_applying(session, event.run_id)
