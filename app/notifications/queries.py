"""Reads of notices."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.notifications.models import Notice


def open_notices(session: Session, organisation_id: UUID, *, limit: int = 20) -> Sequence[Notice]:
    """Notices whose cause is still there, the gravest and newest first."""
    rank = func.array_position(["critical", "warning", "info"], Notice.severity)
    return session.scalars(
        select(Notice)
        .where(Notice.organisation_id == organisation_id, Notice.resolved_at.is_(None))
        .order_by(rank, Notice.created_at.desc())
        .limit(limit)
    ).all()


def unread_count(session: Session, organisation_id: UUID) -> int:
    """How many open notices nobody has looked at."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Notice)
            .where(
                Notice.organisation_id == organisation_id,
                Notice.read_at.is_(None),
                Notice.resolved_at.is_(None),
            )
        )
        or 0
    )
