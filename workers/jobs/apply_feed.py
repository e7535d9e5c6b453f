"""Take a checked file over into the catalogue and the stock."""

from __future__ import annotations

from datetime import timedelta

from app.feeds.events import FeedApplyWanted
from app.feeds.service import (
    apply_batch,
    bring_back,
    confirm_same,
    finish_applying,
    next_same,
    plan_batches,
    set_same,
    waits_for_older,
)
from app.kit import clock
from app.kit.crash import crash_point
from workers.job import RetryLater, Run, job

_LOOK_AGAIN = timedelta(seconds=5)


@job(queue="bulk", on=FeedApplyWanted, timeout=1800)
def apply_feed(run: Run, event: FeedApplyWanted) -> None:
    """See the module. Interrupted, it goes on where it stopped."""
    with run.transaction() as session:
        waits = waits_for_older(session, event.run_id)
    if waits:
        raise RetryLater("an older file of the source is being taken over", at=clock.now() + _LOOK_AGAIN)
    with run.transaction() as session:
        batches = plan_batches(session, event.run_id)
    for batch in batches:
        with run.transaction() as session:
            wanted = apply_batch(session, event.run_id, batch)
        if not wanted:
            break
        crash_point("feed.batch_applied")
    while to := _next_same(run, event):
        with run.transaction() as session:
            wanted = confirm_same(session, event.run_id, to)
        with run.transaction() as session:
            wanted = wanted and set_same(session, event.run_id, to)
        if not wanted:
            break
        crash_point("feed.batch_applied")
    with run.closing() as session:
        bring_back(session, event.run_id)
        finish_applying(session, event.run_id)


def _next_same(run: Run, event: FeedApplyWanted) -> int | None:
    with run.transaction() as session:
        return next_same(session, event.run_id)
