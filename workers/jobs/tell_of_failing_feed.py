"""A source brings no files any more: its supplier is told, once for each trouble."""

from __future__ import annotations

from app.config import settings
from app.feeds.events import FeedSourceFailing
from app.feeds.models import FeedSource
from app.feeds.service import trouble
from app.identity.queries import recipients
from app.notifications.letters import Letter
from app.notifications.service import notify, queue_email
from workers.job import Run, job


@job(queue="letters", on=FeedSourceFailing)
def tell_of_failing_feed(run: Run, event: FeedSourceFailing) -> None:
    """See the module. Trouble that is over meanwhile is not told of."""
    with run.closing() as session:
        source = session.get_one(FeedSource, event.source_id)
        if source.told_at is None or source.removed_at is not None:
            return
        link = f"/supplier/feeds/{source.id}"
        text = "Stock and prices stay as they are, and count as too old after a while."
        notify(
            session,
            event.supplier_id,
            kind="feed_failing",
            severity="critical",
            title=f"“{source.name}” brings no files",
            body=f"{source.error} {text}",
            link=link,
            dedupe=trouble(source.id),
        )
        queue_email(
            session,
            recipients(session, event.supplier_id, "products.write"),
            Letter(
                subject="A product feed can't be fetched",
                paragraphs=[f"“{source.name}” brings no files: {source.error}", text],
                button=("See what is wrong", f"{settings().public_url}{link}"),
            ),
            kind="feed_failing",
            dedupe=f"feed_failing:{source.id}:{source.told_at.isoformat()}",
            organisation_id=event.supplier_id,
        )
