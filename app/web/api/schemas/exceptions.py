"""Exceptions: what is stuck."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from app.web.api.schemas.shapes import Output, PageQuery, Text

Ball = Literal["retailer", "supplier", "platform", "outside"]


class ExceptionsQuery(PageQuery):
    """``snoozed``: those that your people put aside, instead of the others."""

    kind: Text | None = None
    ball: Ball | None = None
    order_id: UUID | None = None
    snoozed: bool = False


class ExceptionOut(Output):
    kind: str = Field(description="`held_order`, `unanswered`, `late`…; more may be added.")
    reason: str = Field(description="Which case of its kind: of a held order why it is held, of a return its state.")
    heading: str
    advice: str = Field(description="What you can do, in a sentence.")
    severity: Literal["info", "warning", "critical"]
    ball: Ball = Field(description="Who has to do something; `outside`: a bank, a store or a carrier.")
    subject: str = Field(description="What `subject_id` is the id of.")
    subject_id: UUID
    order_id: UUID | None
    purchase_order_id: UUID | None
    name: str
    reference: str
    since: datetime
    due: datetime | None = Field(description="By when it should have been, or will end by itself.")
    detail: dict[str, Any]
    snoozed_until: datetime | None


class ExceptionList(Output):
    items: list[ExceptionOut]
    next_cursor: str | None
