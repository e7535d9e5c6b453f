"""Notices in the app: showing them, taking them away, and who has read them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db import table_of
from app.kit import clock
from app.kit.errors import Conflict, NotFound
from app.kit.ids import new_id
from app.notifications.models import Notice, NoticeRead


def notify(
    session: Session,
    organisation_id: UUID,
    *,
    kind: str,
    title: str,
    body: str,
    link: str,
    dedupe: str,
    severity: str = "info",
) -> None:
    """Show a notice. The same ``dedupe`` again brings the notice back to the top, unread, with its new words."""
    now = clock.now()
    values = {
        "kind": kind,
        "severity": severity,
        "title": title,
        "body": body,
        "link": link,
        "created_at": now,
        "resolved_at": None,
    }
    session.execute(
        insert(Notice)
        .values(id=new_id(), organisation_id=organisation_id, dedupe=dedupe, **values)
        .on_conflict_do_update(index_elements=["organisation_id", "dedupe"], set_=values)
    )


def resolve(session: Session, organisation_id: UUID, dedupe: str) -> None:
    """The cause of a notice is gone."""
    session.execute(
        update(Notice)
        .where(Notice.organisation_id == organisation_id, Notice.dedupe == dedupe, Notice.resolved_at.is_(None))
        .values(resolved_at=clock.now())
    )


def dismiss(session: Session, organisation_id: UUID, notice_id: UUID) -> None:
    """Somebody has read a piece of news and wants it gone. What needs doing stays until its cause is gone.
    Raises ``NotFound`` and ``Conflict``."""
    notice = session.scalar(
        select(Notice).where(Notice.id == notice_id, Notice.organisation_id == organisation_id).with_for_update()
    )
    if notice is None:
        raise NotFound("notice")
    if not notice.dismissible:
        raise Conflict("This notice goes away by itself when its cause is gone.", code="notice_stays")
    if notice.resolved_at is None:
        notice.resolved_at = clock.now()


def mark_read(session: Session, organisation_id: UUID, reader: str, notice_ids: Sequence[UUID] | None = None) -> None:
    """``reader`` (a principal's actor) has read these notices of its organisation; all of them where none are named.
    One that comes again with new words is unread again."""
    wanted = select(Notice.id).where(Notice.organisation_id == organisation_id)
    if notice_ids is not None:
        wanted = wanted.where(Notice.id.in_(notice_ids))
    now = clock.now()
    rows = [
        {"organisation_id": organisation_id, "notice_id": notice_id, "reader": reader, "read_at": now}
        for notice_id in session.scalars(wanted)
    ]
    if rows:
        new = insert(table_of(NoticeRead)).on_conflict_do_update(
            index_elements=["notice_id", "reader"], set_={"read_at": now}
        )
        session.connection().execute(new, rows)
