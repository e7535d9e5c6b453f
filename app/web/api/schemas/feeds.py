"""Product files."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from app.web.api.schemas.shapes import Output, Query


class ExampleOut(Output):
    sku: str
    before: int | float | str | None = Field(description="What stands: units, a price in minor units, or grams.")
    after: int | float | str | None = Field(description="What the file says.")


class FindingOut(Output):
    kind: Literal[
        "fewer_rows",
        "missing",
        "to_zero",
        "rejected",
        "other_currency",
        "weights",
        "median_price",
        "moved_prices",
        "far_prices",
    ]
    rows: int
    of: int
    percent: int
    limit: int = Field(description="The supplier's limit that the file goes beyond: percent, of `far_prices` a factor.")
    by: int | None = Field(description="Of `moved_prices`: the percentage from which a price counts as moved.")
    examples: list[ExampleOut]


class UploadOut(Output):
    id: UUID
    file_name: str
    content: Literal["full", "stock_price"]
    state: str
    error: str | None
    counts: dict[str, Any]
    problems: list[dict[str, Any]]
    findings: list[FindingOut] = Field(
        description="Why the file is held (QUARANTINED): what of it goes beyond the supplier's limits, the worst first."
    )


class UploadQuery(Query):
    file_name: str = "upload.csv"
    content: Literal["full", "stock_price"] | None = None


class ApplyQuery(Query):
    despite_findings: bool = Field(
        False, description="Also take over a file that is held (QUARANTINED), whose `findings` were looked at."
    )


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
