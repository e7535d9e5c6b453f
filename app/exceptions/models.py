"""Tables of the exceptions inbox."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, own


class Snooze(Base):
    """An exception that an organisation does not want to see until a moment; whoever is in it sees it neither."""

    __tablename__ = "exception_snoozes"
    __tenancy__ = own("organisation_id")
    __table_args__ = (Index(None, "until"),)

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    #: An exception's name (``app.exceptions.kind``) and what it is of.
    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    until: Mapped[datetime]
    #: An actor of ``app.db.Scope``.
    snoozed_by: Mapped[str]
    created_at: Mapped[datetime]
