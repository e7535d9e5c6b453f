"""Product files."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from app.web.api.schemas.shapes import Output


class UploadOut(Output):
    id: UUID
    file_name: str
    state: str
    error: str | None
    counts: dict[str, Any]
    problems: list[dict[str, Any]]


class FeedOut(Output):
    id: UUID
    name: str
    kind: str
    content: Literal["full", "stock_price"]
    every_minutes: int
    health: Literal["new", "ok", "paused", "failed", "unreadable", "needs_mapping", "quarantined"]
    error: str | None
    last_fetched_at: datetime | None
    next_fetch_at: datetime | None
    upload_id: UUID | None


class FeedsOut(Output):
    items: list[FeedOut]


class PushOut(Output):
    outcome: Literal["taken", "unchanged"]
    upload_id: UUID | None
