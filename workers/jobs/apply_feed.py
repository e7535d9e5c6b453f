"""Take a checked file over into the catalogue and the stock."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from sqlalchemy.exc import IntegrityError

from app.feeds.events import FeedApplyWanted
from app.feeds.service import (
    Batch,
    NoLongerWanted,
    SamePart,
    apply_batch,
    bring_back,
    confirm_blocks,
    confirm_same,
    create_block,
    finish_applying,
    look_again,
    note_missing,
    part_block,
    part_from_origin,
    plan_batches,
    plan_blocks,
    plan_same,
    prepare_batch,
    prepare_block,
    set_same,
    settle_missing,
    waits_for_older,
)
from app.kit import clock
from app.kit.crash import crash_point
from app.kit.in_turn import Turn, in_turn
from workers.job import RetryLater, Run, job

_LOOK_AGAIN = timedelta(seconds=5)
#: After so many times what orders changed meanwhile is noted level by level, as is what differs.
_CONFIRMED_AGAIN = 20


@job(queue="bulk", on=FeedApplyWanted, timeout=1800)
def apply_feed(run: Run, event: FeedApplyWanted) -> None:
    """See the module. Interrupted, it goes on where it stopped."""
    with run.transaction() as session:
        waits = waits_for_older(session, event.run_id)
    if waits:
        raise RetryLater("an older file of the source is being taken over", at=clock.now() + _LOOK_AGAIN)
    with run.transaction() as session:
        anew = look_again(session, event.run_id)
        if anew:
            run.end()
        blocks = [] if anew else plan_blocks(session, event.run_id)
    if anew:
        return
    in_turn(blocks, partial(_take_new_over, run, event))
    with run.transaction() as session:
        batches = plan_batches(session, event.run_id)
    in_turn(batches, partial(_take_over, run, event))
    _confirm(run, event)
    with run.transaction() as session:
        parts = plan_same(session, event.run_id)
    in_turn(parts, partial(_take_stock_over, run, event))
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


def _confirm(run: Run, event: FeedApplyWanted) -> None:
    """Note figures together that are as they stand."""
    for _ in range(_CONFIRMED_AGAIN):
        with run.transaction() as session:
            parting = confirm_blocks(session, event.run_id)
        if not parting:
            return
        with run.transaction() as session:
            part_from_origin(session, event.run_id, parting)


def _take_new_over(run: Run, event: FeedApplyWanted, block: int, turn: Turn) -> bool:
    """Take over a block of new products. False when that is no longer wanted. What is repeated goes one after the
    other, as in ``_take_over``."""
    with run.transaction() as session:
        prepared = prepare_block(session, event.run_id, block)
    if prepared is None:
        return False
    try:
        made = False
        if prepared.new:
            try:
                with run.transaction() as session:
                    create_block(session, event.run_id, prepared, turn, beside=run.attempt == 1)
                made = True
            except IntegrityError:
                # Something of it came into being in this moment.
                pass
        if not made:
            with run.transaction() as session:
                part_block(session, event.run_id, block, turn)
    except NoLongerWanted:
        return False
    crash_point("feed.batch_applied")
    return True


def _take_over(run: Run, event: FeedApplyWanted, batch: Batch, turn: Turn) -> bool:
    """Take over a batch. False when that is no longer wanted. What is repeated goes one after the other: two that
    should wait for each other, against all expectations, are not to do so again."""
    wanted: bool | None = None
    if run.attempt == 1:
        wanted = _take_over_as(run, event, batch, turn, alone=False)
    if wanted is None:
        wanted = bool(_take_over_as(run, event, batch, turn, alone=True))
    crash_point("feed.batch_applied")
    return wanted


def _take_over_as(run: Run, event: FeedApplyWanted, batch: Batch, turn: Turn, *, alone: bool) -> bool | None:
    """None: something of the batch that was new has come into being meanwhile."""
    with run.transaction() as session:
        prepared = prepare_batch(session, event.run_id, batch, alone=alone)
    if prepared is None:
        return False
    try:
        with run.transaction() as session:
            apply_batch(session, event.run_id, prepared, turn)
    except NoLongerWanted:
        return False
    except IntegrityError:
        if prepared.new:
            return None
        raise
    return True


def _take_stock_over(run: Run, event: FeedApplyWanted, part: SamePart, turn: Turn) -> bool:
    """Take over the stock of rows that say nothing else that is new. False when that is no longer wanted."""
    turn.let_next_begin()
    with run.transaction() as session:
        others = confirm_same(session, event.run_id, part)
    turn.come()
    if others is None:
        return False
    with run.transaction() as session:
        wanted = set_same(session, event.run_id, part, others)
    crash_point("feed.batch_applied")
    return wanted
