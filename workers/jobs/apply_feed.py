"""Take a checked file over into the catalogue and the stock."""

from __future__ import annotations

from datetime import timedelta

from app.feeds.events import FeedApplyWanted
from app.feeds.service import (
    apply_batch,
    bring_back,
    confirm_same,
    finish_applying,
    note_missing,
    plan_batches,
    plan_same,
    set_same,
    settle_missing,
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
    with run.transaction() as session:
        ends = plan_same(session, event.run_id)
    for to in ends:
        with run.transaction() as session:
            others = confirm_same(session, event.run_id, to)
        if others is None:
            break
        with run.transaction() as session:
            set_same(session, event.run_id, to, others)
        crash_point("feed.batch_applied")
    with run.transaction() as session:
        note_missing(session, event.run_id)
    more = True
    while more:
        with run.transaction() as session:
            more = settle_missing(session, event.run_id)
        crash_point("feed.missing_settled")
    with run.closing() as session:
        bring_back(session, event.run_id)
        finish_applying(session, event.run_id)
