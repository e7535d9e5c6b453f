"""Parcels that do not come as they should, and what is done about them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.web.api.schemas.shapes import Input, Name, Output, PageQuery

Way = Literal["arrived", "missing", "claim", "on_its_way", "resend", "refund", "seen"]


class ParcelExceptionsQuery(PageQuery):
    """Those that are open, unless ``state`` says otherwise."""

    state: Literal["open", "resolved"] = "open"
    shipment_id: UUID | None = None
    purchase_order_id: UUID | None = None


class ParcelExceptionOut(Output):
    id: UUID
    kind: str = Field(
        description="`late` (it should have left), `no_scan`, `stuck`, `lost`, `returned_to_sender`, "
        "`scanned_after_void` (what was taken back is on its way), `sent_though_cancelled` or `unreported` (it should "
        "have arrived, and nobody reports its way: its retailer says whether it has); more may be added."
    )
    state: Literal["open", "resolved"]
    since: datetime = Field(description="What it is counted from: the promised day, the label, the last scan.")
    order_id: UUID | None = Field(description="The retailer's order; null for suppliers.")
    purchase_order_id: UUID
    shipment_id: UUID | None = Field(description="Null where no parcel has left that should have.")
    claimed: Literal["refund", "reship"] | None = Field(description="What the retailer asked for.")
    answer_by: datetime | None = Field(
        description="By when the supplier answers a claim; then the money is given back by itself."
    )
    expected_on: date | None = Field(description="The day by which the supplier said that it leaves or moves.")
    resolution: str | None = Field(
        description="How it ended: `sent`, `moved`, `worse`, `voided`, `on_its_way`, `resent`, `refunded`, `seen`, "
        "`cancelled`, `assumed` (nobody complained in time, so it counts as arrived) or `arrived` (its goods came with "
        "another parcel)."
    )
    resolved_at: datetime | None
    note: str
    ways: list[Way] = Field(description="What you can do about it: the calls of these names.")


class ParcelExceptionList(Output):
    items: list[ParcelExceptionOut]
    next_cursor: str | None


class ClaimInput(Input):
    """``wanted``: the money, or another parcel."""

    wanted: Literal["refund", "reship"]


class OnItsWayInput(Input):
    """``expected_on``: the day by which it leaves or moves, within 60 days."""

    expected_on: date


class ResendInput(Input):
    """The parcel that is sent instead, with the same units."""

    carrier: Name | None = None
    tracking_number: Name
    tracking_url: Annotated[str, Field(pattern=r"^https?://[!-~]{1,2000}$")] | None = None


class RefundInput(Input):
    """``restocked``: the goods came back and are on your shelf."""

    restocked: Annotated[bool, Field(strict=True)] = False


class SeenInput(Input):
    """``note``: what you did."""

    note: Annotated[str, Field(min_length=1, max_length=500)]
