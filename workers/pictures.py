"""Fetching pictures, for the jobs that do it: download and draw in a few threads, note each result by itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.adapters import registries
from app.adapters._guarded_http import GuardedHttp, guarded_http
from app.catalog.pictures import service as pictures
from app.catalog.pictures.derivatives import Made, PictureRefused, make
from app.catalog.pictures.rules import LARGEST_BYTES, file_key, reason_of
from app.catalog.pictures.service import Due
from app.config import settings
from app.kit import clock
from app.kit.errors import CredentialsRefused, RateLimited, Rejected, Unavailable
from workers.job import Run

#: Addresses read from the table at a time, and fetched side by side.
AT_ONCE = 24
_THREADS = 4
#: One picture must come within this time.
_SECONDS_EACH = 20.0
_LARGEST_FILE = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of one address: a picture, ``unchanged``, or a reason why not."""

    due: Due
    made: Made | None = None
    etag: str = ""
    last_modified: str = ""
    unchanged: bool = False
    reason: str = ""
    again_at: datetime | None = None


def fetch_due(run: Run, batch: Sequence[Due]) -> None:
    """Fetch a batch and note what came of it. A crash in the middle costs the downloads that were not noted."""
    client = guarded_http()
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="pictures") as pool:
        for result in pool.map(lambda one: _fetched(client, one), batch):
            _note(run, result)


def store_files(made: Made) -> None:
    """Keep a picture's files; a second time writes the same again."""
    storage = registries.storages.get(settings().media_storage)
    for name, content in made.files.items():
        storage.put(file_key(made.sha256, name), [content], limit=_LARGEST_FILE)


def time_is_up(started: float, seconds: float) -> bool:
    """Whether a run should leave the rest to the next one."""
    return time.monotonic() - started > seconds


def _fetched(client: GuardedHttp, one: Due) -> _Result:
    headers = {"Accept": "image/avif,image/webp,image/png,image/jpeg,image/gif,*/*;q=0.1"}
    if one.known and one.etag:
        headers["If-None-Match"] = one.etag
    elif one.known and one.last_modified:
        headers["If-Modified-Since"] = one.last_modified
    try:
        fetched, raw = client.fetch_bytes(one.url, largest=LARGEST_BYTES, total_seconds=_SECONDS_EACH, headers=headers)
        if not fetched.changed:
            return _Result(one, unchanged=True)
        etag, last_modified = fetched.headers.get("ETag", ""), fetched.headers.get("Last-Modified", "")
        return _Result(one, made=make(raw), etag=etag[:500], last_modified=last_modified[:100])
    except PictureRefused as error:
        return _Result(one, reason=error.reason)
    except Rejected as error:
        return _Result(one, reason=reason_of(error.code))
    except CredentialsRefused:
        return _Result(one, reason="refused")
    except RateLimited as error:
        wait = timedelta(seconds=max(60.0, error.retry_after))
        return _Result(one, reason="unreachable", again_at=clock.now() + wait)
    except Unavailable:
        return _Result(one, reason="unreachable")


def _note(run: Run, result: _Result) -> None:
    made = result.made
    if made is not None:
        with run.transaction() as session:
            known = pictures.is_known(session, made.sha256)
        if not known:
            store_files(made)
    with run.transaction() as session:
        if made is not None:
            pictures.keep_media(session, made)
            pictures.record_ready(
                session, result.due.id, made.sha256, etag=result.etag, last_modified=result.last_modified
            )
        elif result.unchanged and result.due.known:
            pictures.record_unchanged(session, result.due.id)
        else:
            pictures.record_broken(session, result.due.id, result.reason or "unreachable", again_at=result.again_at)
