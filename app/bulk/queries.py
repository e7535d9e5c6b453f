"""Reads of bulk actions."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from app.bulk.models import BulkAction, BulkRow
from app.bulk.rules import REFUSED
from app.kit.errors import NotFound
from app.kit.paging import Page, decode_cursor, page_of


def bulk_action(session: Session, organisation_id: UUID, bulk_action_id: UUID) -> BulkAction:
    """One of an organisation's bulk actions. Raises ``NotFound``."""
    found = session.get(BulkAction, bulk_action_id)
    if found is None or found.organisation_id != organisation_id:
        raise NotFound("bulk action")
    return found


def recent(session: Session, organisation_id: UUID, *, limit: int = 20) -> Sequence[BulkAction]:
    """An organisation's bulk actions, newest first."""
    return session.scalars(
        select(BulkAction)
        .where(BulkAction.organisation_id == organisation_id)
        .order_by(BulkAction.created_at.desc())
        .limit(limit)
    ).all()


def rows_of(session: Session, bulk_action_id: UUID, *, limit: int = 50, cursor: str | None = None) -> Page[BulkRow]:
    """What became of an action's rows: those that were refused first."""
    rank = case((BulkRow.outcome == REFUSED, 0), else_=1)
    query = select(BulkRow, rank).where(BulkRow.bulk_action_id == bulk_action_id)
    if cursor:
        first, position = decode_cursor(cursor, 2)
        query = query.where((rank > first) | ((rank == first) & (BulkRow.position > position)))
    found = session.execute(query.order_by(rank, BulkRow.position).limit(limit + 1)).all()
    page = page_of(found, limit, lambda row: [row[1], row[0].position])
    return Page([row[0] for row in page.items], page.next_cursor)


def undone_by(session: Session, bulk_action_id: UUID) -> BulkAction | None:
    """The action that took this one back."""
    return session.scalar(select(BulkAction).where(BulkAction.undoes == bulk_action_id))
