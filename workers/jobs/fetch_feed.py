"""Look at a source, and take its file when it is another one than the last."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from app.adapters import registries
from app.config import settings
from app.feeds.events import FeedDue
from app.feeds.files import storage
from app.feeds.reading import HEAD, recognised
from app.feeds.service import NewFile, note_failed, note_unchanged, plan_fetch, take_file
from app.feeds.source import in_words
from app.kit.crash import crash_point
from app.kit.errors import AdapterError, CredentialsRefused, Rejected
from workers.job import Run, job

#: A whole fetch.
TOTAL_SECONDS = 600.0
#: Refusals that no waiting mends.
_FOR_GOOD = frozenset(
    {"address_refused", "url_refused", "certificate_refused", "host_key_changed", "key_unreadable", "header_refused"}
)
_CHUNK = 256 * 1024


@job(queue="bulk", on=FeedDue, coalesce=True, timeout=900)
def fetch_feed(run: Run, event: FeedDue) -> None:
    """See the module. Interrupted, it begins anew: the file is kept under the task's own name, and a run is made of it
    in the transaction that ends the task."""
    with run.transaction() as session:
        plan = plan_fetch(session, event.source_id)
    if plan is None:
        return
    transport = registries.sources.all().get(plan.kind)
    if transport is None:
        return
    largest = settings().upload_max_bytes
    with tempfile.TemporaryFile() as file:
        try:
            brought = transport.fetch(
                plan.address, plan.access, plan.marks, into=file, largest=largest, total_seconds=TOTAL_SECONDS
            )
            if not brought.changed:
                with run.closing() as session:
                    note_unchanged(session, plan, brought.marks)
                return
            file.seek(0)
            feed = recognised(registries.feeds.all(), file.read(HEAD), brought.file_name)
        except AdapterError as error:
            with run.closing() as session:
                note_failed(session, plan, in_words(error), for_good=_is_for_good(error))
            return
        key = f"feeds/{run.task_id}"
        file.seek(0)
        stored = storage().put(key, _pieces(file), limit=largest)
    crash_point("feed.fetched")
    with run.closing() as session:
        take_file(session, plan, NewFile(brought.file_name, feed, key, stored, brought.marks))


def _is_for_good(error: AdapterError) -> bool:
    return isinstance(error, CredentialsRefused) or (isinstance(error, Rejected) and error.code in _FOR_GOOD)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_CHUNK):
        yield piece
