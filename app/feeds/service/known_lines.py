"""What the lines of files said, kept beside them: a help that may be gone at any time."""

from __future__ import annotations

from contextlib import suppress

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.feeds.files import storage
from app.feeds.models import FeedRun
from app.feeds.rules.known_lines import KnownProducts


def earlier_file(session: Session, run: FeedRun) -> str:
    """The key of the file before a run's that was taken over from the same origin; empty where there is none."""
    found = session.scalar(
        select(FeedRun.file_key)
        .where(
            FeedRun.supplier_id == run.supplier_id,
            FeedRun.source_id.is_not_distinct_from(run.source_id),
            FeedRun.id != run.id,
            FeedRun.feed == run.feed,
            FeedRun.kind == "full",
            FeedRun.state == "APPLIED",
        )
        .order_by(FeedRun.created_at.desc())
        .limit(1)
    )
    return found or ""


def keep_told(file_key: str, told: bytes) -> None:
    """Keep what the lines of a file said (``KnownProducts``)."""
    storage().put(_beside(file_key), [told], limit=len(told))


def told_of(file_key: str, way: str) -> KnownProducts | None:
    """What the lines of a file said, where it was read in this way."""
    if not file_key or not way:
        return None
    # What is damaged is as good as gone: the file is read as a whole then.
    with suppress(FileNotFoundError, orjson.JSONDecodeError), storage().open(_beside(file_key)) as kept:
        return KnownProducts.from_bytes(kept.read(), way)
    return None


def forget_told(file_key: str) -> None:
    """The file is about to go."""
    storage().delete(_beside(file_key))


def _beside(file_key: str) -> str:
    return f"{file_key}.lines"
