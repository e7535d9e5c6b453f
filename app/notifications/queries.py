"""Reads of notices."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select, true
from sqlalchemy.orm import Session

from app.kit.errors import NotFound
from app.kit.paging import LARGEST_LIMIT, Page, decode_cursor, page_of
from app.notifications.models import Notice, NoticeRead
from app.notifications.rules import kinds_of

#: Which notices a list shows: those to be read, those whose cause is still there, all.
UNREAD, OPEN, ALL = "unread", "open", "all"
VIEWS = (UNREAD, OPEN, ALL)


def open_notices(
    session: Session, organisation_id: UUID, *, without: Collection[str] = (), limit: int = 20
) -> Sequence[Notice]:
    """Notices whose cause is still there, the gravest and newest first; of topics in ``without`` only critical ones."""
    rank = func.array_position(["critical", "warning", "info"], Notice.severity)
    return session.scalars(
        select(Notice)
        .where(Notice.organisation_id == organisation_id, Notice.resolved_at.is_(None), _wanted(without))
        .order_by(rank, Notice.created_at.desc())
        .limit(limit)
    ).all()


def notices(
    session: Session,
    organisation_id: UUID,
    reader: str,
    *,
    view: str = ALL,
    topic: str | None = None,
    without: Collection[str] = (),
    limit: int = 25,
    cursor: str | None = None,
) -> Page[tuple[Notice, bool]]:
    """A reader's notices, the newest first, each with whether it was read. ``without`` as ``open_notices``."""
    limit = min(limit, LARGEST_LIMIT)
    query = (
        select(Notice, _was_read(reader))
        .where(Notice.organisation_id == organisation_id, _in_view(reader, view), _wanted(without))
        .order_by(Notice.created_at.desc(), Notice.id.desc())
        .limit(limit + 1)
    )
    if topic is not None:
        query = query.where(Notice.kind.in_(kinds_of(topic)))
    if cursor:
        query = query.where(func.row(Notice.created_at, Notice.id) < func.row(*decode_cursor(cursor, 2)))
    rows = [(notice, bool(read)) for notice, read in session.execute(query)]
    return page_of(rows, limit, lambda row: [row[0].created_at, row[0].id])


def unread_count(session: Session, organisation_id: UUID, reader: str, *, without: Collection[str] = ()) -> int:
    """How many notices a reader has not looked at."""
    unread = _in_view(reader, UNREAD)
    query = select(func.count()).select_from(Notice)
    return session.scalar(query.where(Notice.organisation_id == organisation_id, unread, _wanted(without))) or 0


def own_notice(session: Session, organisation_id: UUID, notice_id: UUID) -> Notice:
    """One notice. Raises ``NotFound``."""
    found = session.scalar(select(Notice).where(Notice.id == notice_id, Notice.organisation_id == organisation_id))
    if found is None:
        raise NotFound("notice")
    return found


def _in_view(reader: str, view: str) -> ColumnElement[bool]:
    if view == UNREAD:
        return ~_was_read(reader) & Notice.resolved_at.is_(None)
    return Notice.resolved_at.is_(None) if view == OPEN else true()


def _was_read(reader: str) -> ColumnElement[bool]:
    """Read since it came last."""
    return exists().where(
        NoticeRead.notice_id == Notice.id, NoticeRead.reader == reader, NoticeRead.read_at >= Notice.created_at
    )


def _wanted(without: Collection[str]) -> ColumnElement[bool]:
    hidden = [kind for topic in without for kind in kinds_of(topic)]
    return or_(Notice.kind.not_in(hidden), Notice.severity == "critical")
