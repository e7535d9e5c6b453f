"""Product files."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from app.web.api.schemas.shapes import Input, Output, Query


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


def _share(meaning: str, least: int = 0, most: int = 100) -> Any:
    return Field(None, strict=True, ge=least, le=most, description=meaning)


class LimitsInput(Input):
    """Shares in percent; 100 lets everything through. What is left out stays."""

    fewer_rows: int | None = _share("Fewer rows than in the file before, or SKUs that are no longer in it.")
    to_zero: int | None = _share("Of what is in stock, what would be sold out.")
    rejected: int | None = _share("Rows that are rejected.")
    other_currency: int | None = _share("Rows with prices in another currency than yours.")
    median_price: int | None = _share("By how much wholesale prices move, typically.", 1, 500)
    moved_prices: int | None = _share("Wholesale prices that move by more than `moved_by`.")
    moved_by: int | None = _share("From when on a price has moved.", 1, 500)
    price_factor: int | None = _share("A factor: how many times as high or low one price may become.", 2, 100)
    weights: int | None = _share("Weights that would be twice as much or more, or half or less.")


class LimitsOut(Output):
    fewer_rows: int
    to_zero: int
    rejected: int
    other_currency: int
    median_price: int
    moved_prices: int
    moved_by: int
    price_factor: int
    weights: int


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
