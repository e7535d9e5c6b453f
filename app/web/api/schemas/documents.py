"""A supplier's papers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from app.web.api.schemas.shapes import Output, Query


class DocumentQuery(Query):
    kind: Literal["registration", "insurance", "other"]
    expires_on: date | None = Field(None, description="The last day on which an insurance is valid.")


class DocumentOut(Output):
    id: UUID
    kind: Literal["registration", "insurance", "other"]
    media_type: Literal["application/pdf", "image/jpeg", "image/png"]
    size: int = Field(description="Bytes.")
    sha256: str
    expires_on: date | None
    sent_at: datetime


class DocumentsOut(Output):
    items: list[DocumentOut]
    next_cursor: str | None
