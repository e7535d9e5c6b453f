"""A file of a source waits for its columns to be confirmed: its supplier is told."""

from __future__ import annotations

from app.feeds.events import FeedMappingNeeded
from app.feeds.models import FeedRun, FeedSource
from app.feeds.rules.drift import header_hash
from app.feeds.service import mapping_question
from workers.job import Run, job
from workers.telling import tell


@job(queue="letters", on=FeedMappingNeeded)
def tell_of_mapping_needed(run: Run, event: FeedMappingNeeded) -> None:
    """See the module. Files that ask the same of one source while nobody answers make one notice and, for each
    header, one e-mail."""
    with run.closing() as session:
        feed_run = session.get_one(FeedRun, event.run_id)
        if feed_run.state != "NEEDS_MAPPING" or feed_run.source_id is None:
            return
        source = session.get_one(FeedSource, feed_run.source_id)
        changed = bool(feed_run.detected.get("drift"))
        title = f"The columns of “{source.name}” have changed" if changed else f"Confirm the columns of “{source.name}”"
        text = "Nothing is taken over from it until you have said what its columns hold."
        link = f"/supplier/uploads/{feed_run.id}"
        tell(
            session,
            event.supplier_id,
            "products.write",
            kind="feed_mapping",
            severity="warning",
            title=title,
            subject="The columns of a feed have changed" if changed else "Confirm the columns of a feed",
            body=text,
            paragraphs=[title + ".", text],
            link=link,
            button="Look at the columns",
            dedupe=mapping_question(feed_run),
            letter_dedupe=f"feed_mapping:{source.id}:{header_hash(_columns(feed_run))}",
        )


def _columns(feed_run: FeedRun) -> list[str]:
    return [str(column["column"]) for column in feed_run.detected.get("columns", [])]
