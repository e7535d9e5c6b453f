"""Tables of bulk actions."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, own


class BulkAction(Base):
    """Something that a person wanted done with many rows of a list. Its rows are frozen when it begins."""

    __tablename__ = "bulk_actions"
    __tenancy__ = own("organisation_id")
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        Index(None, "organisation_id", "created_at"),
        Index(None, "created_at"),
        Index("ix_bulk_actions_files", "finished_at", postgresql_where=text("file_key is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    #: An actor of ``app.db.Scope``: what is done counts as done by this person.
    actor: Mapped[str]
    #: One of ``app.bulk.rules.ACTIONS``, and what it needs to know, such as a hold's note.
    action: Mapped[str]
    given: Mapped[dict[str, Any]]
    #: Rows in all, looked at so far, and refused.
    total: Mapped[int]
    seen: Mapped[int] = mapped_column(server_default="0")
    refused: Mapped[int] = mapped_column(server_default="0")
    #: The action that this one undoes.
    undoes: Mapped[UUID | None]
    #: A file that came of it, sealed and kept for a short time.
    file_key: Mapped[str | None]
    file_name: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class BulkRow(Base):
    """One row of a bulk action, and what became of it."""

    __tablename__ = "bulk_rows"
    __tenancy__ = own("organisation_id")
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "bulk_action_id"],
            ["bulk_actions.organisation_id", "bulk_actions.id"],
            ondelete="cascade",
        ),
        Index(None, "bulk_action_id", "position", postgresql_where=text("outcome is null")),
    )

    bulk_action_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    subject_id: Mapped[UUID | None]
    #: For people: the order's number.
    name: Mapped[str]
    #: What is to be done with this row alone.
    given: Mapped[dict[str, Any]]
    #: ``done``, ``asked``, ``unchanged`` or ``refused``; None before its turn.
    outcome: Mapped[str | None]
    #: Why it was refused.
    problem: Mapped[str]
