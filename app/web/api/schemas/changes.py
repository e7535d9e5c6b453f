"""Cancellations, and requests to change what a supplier has accepted."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.web.api.schemas.orders import OrderOut
from app.web.api.schemas.purchase_orders import AddressOut
from app.web.api.schemas.shapes import Input, Output, PageQuery, Text, Units

Note = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]


class CancelLineInput(Input):
    """``quantity``: units to cancel; all that can be where it is left out."""

    line_id: UUID
    quantity: Units | None = None


class CancelInput(Input):
    """``reason``: why, for the supplier to read. ``lines``: all of the order's where they are left out."""

    lines: Annotated[list[CancelLineInput], Field(min_length=1, max_length=500)] | None = None
    reason: Note | None = None


class ChangeRequestsQuery(PageQuery):
    state: Text | None = None
    order_id: UUID | None = None


class ChangeRequestLineOut(Output):
    """``accepted`` units were stopped, ``shipped_first`` had left before the answer."""

    line_id: UUID
    quantity: int
    accepted: int
    shipped_first: int


class ChangeRequestOut(Output):
    """``line_id`` are lines of the purchase order. ``due_at``: when silence becomes the answer."""

    id: UUID
    purchase_order_id: UUID
    kind: Literal["cancellation", "address"]
    state: Literal["OPEN", "ACCEPTED", "PARTLY", "REFUSED", "WITHDRAWN"]
    origin: Literal["retailer", "store"]
    note: str
    asked_at: datetime
    due_at: datetime
    answered_at: datetime | None
    refusal: Literal["packed", "shipped", "made_to_order", "other", "no_answer", "shipped_first"] | None
    answer: str
    lines: list[ChangeRequestLineOut]
    shipping_address: AddressOut | None = None


class ChangeRequestList(Output):
    items: list[ChangeRequestOut]
    next_cursor: str | None


class CancelledLineOut(Output):
    """``cancelled`` at once; ``asked``: the supplier was asked to stop them."""

    line_id: UUID
    cancelled: int
    asked: int


class CancelOut(Output):
    order: OrderOut
    lines: list[CancelledLineOut]
    change_requests: list[ChangeRequestOut]


class AddressChangeOut(Output):
    """``applied`` where nobody had to be asked."""

    order: OrderOut
    applied: bool
    change_requests: list[ChangeRequestOut]


class StopLineInput(Input):
    line_id: UUID
    quantity: Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class AcceptChangeInput(Input):
    """``lines``: of a cancellation, how many units of each line you stop; all where it is left out."""

    lines: Annotated[list[StopLineInput], Field(min_length=1, max_length=500)] | None = None


class RefuseChangeInput(Input):
    reason: Literal["packed", "shipped", "made_to_order", "other"]
    message: Note | None = None


class GiveUpLineInput(Input):
    line_id: UUID
    quantity: Units
    reason: Text


class GiveUpInput(Input):
    lines: Annotated[list[GiveUpLineInput], Field(min_length=1, max_length=500)]
