"""Read an uploaded file and say what taking it over would do."""

from __future__ import annotations

from itertools import islice

from app.adapters import registries
from app.config import settings
from app.feeds.events import FeedUploaded
from app.feeds.feed import Limits, UnreadableFile
from app.feeds.files import storage
from app.feeds.reading import open_file
from app.feeds.service import Counts, fail, finish_checking, plan_check, store_rows
from workers.job import Run, job

#: Rows compared and kept in one transaction.
_AT_ONCE = 1000


@job(queue="bulk", on=FeedUploaded, timeout=1800)
def check_feed(run: Run, event: FeedUploaded) -> None:
    """See the module. Begun again, it begins anew."""
    with run.transaction() as session:
        plan = plan_check(session, event.run_id)
    if plan is None:
        return
    counts = Counts()
    try:
        with storage().open(plan.file_key) as stream:
            limits = Limits(rows=settings().upload_max_rows)
            opened = open_file(
                registries.feeds.get(plan.feed), stream, limits, currency=plan.currency, mapping=plan.mapping or None
            )
            while batch := list(islice(opened.rows, _AT_ONCE)):
                with run.transaction() as session:
                    store_rows(session, plan, batch, counts)
    except UnreadableFile as error:
        with run.closing() as session:
            fail(session, plan.run_id, str(error))
        return
    except FileNotFoundError:
        with run.closing() as session:
            fail(session, plan.run_id, "The file is no longer there. Upload it again.")
        return
    with run.closing() as session:
        finish_checking(session, plan, opened.detected, opened.mapping, counts)
