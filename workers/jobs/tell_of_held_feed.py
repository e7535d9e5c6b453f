"""A file of a source is held back: its supplier is told."""

from __future__ import annotations

from app.feeds.events import FeedHeld
from app.feeds.models import FeedRun, FeedSource
from app.feeds.service import held_question
from workers.job import Run, job
from workers.telling import tell

_WHY = "It differs more than usual from what stands. Nothing of it is taken over until you have looked at it."


@job(queue="letters", on=FeedHeld)
def tell_of_held_feed(run: Run, event: FeedHeld) -> None:
    """See the module. Files of one source that are held while nobody answers make one notice."""
    with run.closing() as session:
        feed_run = session.get_one(FeedRun, event.run_id)
        if feed_run.state != "QUARANTINED" or feed_run.source_id is None:
            return
        source = session.get_one(FeedSource, feed_run.source_id)
        title = f"A file of “{source.name}” is held for you to look at"
        link = f"/supplier/uploads/{feed_run.id}"
        tell(
            session,
            event.supplier_id,
            "products.write",
            kind="feed_held",
            severity="warning",
            title=title,
            subject="A file of a feed is held for you to look at",
            body=_WHY,
            paragraphs=[title + ".", _WHY],
            link=link,
            button="See what differs",
            dedupe=held_question(feed_run),
            letter_dedupe=f"feed_held:{feed_run.id}",
        )
