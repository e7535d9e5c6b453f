"""Read an uploaded file and say what taking it over would do."""

from __future__ import annotations

from itertools import islice
from typing import BinaryIO

from app.adapters import registries
from app.config import settings
from app.feeds.events import FeedUploaded
from app.feeds.feed import Limits, UnreadableFile
from app.feeds.files import storage
from app.feeds.reading import OpenedFile, open_file
from app.feeds.service import (
    Confirmed,
    Counts,
    Question,
    ask,
    confirmed,
    fail,
    finish_checking,
    note_progress,
    plan_check,
    store_rows,
)
from workers.job import Run, job

#: Rows compared and kept in one transaction.
_AT_ONCE = 1000


@job(queue="bulk", on=FeedUploaded, timeout=1800)
def check_feed(run: Run, event: FeedUploaded) -> None:
    """See the module. Begun again, it begins anew."""
    with run.transaction() as session:
        plan = plan_check(session, event.run_id)
        known = confirmed(session, event.run_id) if plan is not None else None
    if plan is None or known is None:
        return
    counts = Counts()
    try:
        with storage().open(plan.file_key) as stream:
            limits = Limits(rows=settings().upload_max_rows)
            opened = open_file(
                registries.feeds.get(plan.feed),
                stream,
                limits,
                currency=plan.currency,
                mapping=plan.mapping or None,
                choices=plan.choices,
                confirmed=known.of,
                figures_only=plan.kind == "stock_price",
            )
            question = None if plan.mapping else _question(known, opened)
            if question is not None:
                with run.closing() as session:
                    ask(session, plan.run_id, opened.detected, question)
                return
            while batch := list(islice(opened.rows, _AT_ONCE)):
                with run.transaction() as session:
                    store_rows(session, plan, batch, counts, told=opened.mapping.values())
                    if not note_progress(
                        session, plan.run_id, counts, _place(stream, plan.size_bytes), plan.size_bytes
                    ):
                        return
    except UnreadableFile as error:
        with run.closing() as session:
            fail(session, plan.run_id, str(error), error.detected)
        return
    except FileNotFoundError:
        with run.closing() as session:
            fail(session, plan.run_id, "The file is no longer there. Upload it again.")
        return
    with run.closing() as session:
        finish_checking(session, plan, opened.detected, opened.mapping, counts)


def _place(stream: BinaryIO, size: int) -> int:
    """How many bytes were read; formats that are read as a whole are at their end."""
    return size if stream.closed else stream.tell()


def _question(known: Confirmed, opened: OpenedFile) -> Question | None:
    columns = opened.detected["columns"]
    return known.question(
        [column["column"] for column in columns],
        {column["column"]: column["field"] for column in columns if column["field"]},
    )
