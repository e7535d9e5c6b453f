"""A source brings no files any more: its supplier is told, once for each trouble."""

from __future__ import annotations

from app.feeds.events import FeedSourceFailing
from app.feeds.models import FeedSource
from app.feeds.service import trouble
from workers.job import Run, job
from workers.telling import tell


@job(queue="letters", on=FeedSourceFailing)
def tell_of_failing_feed(run: Run, event: FeedSourceFailing) -> None:
    """See the module. Trouble that is over meanwhile is not told of."""
    with run.closing() as session:
        source = session.get_one(FeedSource, event.source_id)
        if source.told_at is None or source.removed_at is not None:
            return
        link = f"/supplier/feeds/{source.id}"
        text = "Stock and prices stay as they are, and count as too old after a while."
        tell(
            session,
            event.supplier_id,
            "products.write",
            kind="feed_failing",
            severity="critical",
            title=f"“{source.name}” brings no files",
            subject="A product feed can't be fetched",
            body=f"{source.error} {text}",
            paragraphs=[f"“{source.name}” brings no files: {source.error}", text],
            link=link,
            button="See what is wrong",
            dedupe=trouble(source.id),
            letter_dedupe=f"feed_failing:{source.id}:{source.told_at.isoformat()}",
        )
