"""Putting exceptions aside for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.db import current_scope
from app.exceptions.models import Snooze
from app.exceptions.queries import Reader, one
from app.kit import clock
from app.kit.errors import Invalid, NotFound

LONGEST_SNOOZE = timedelta(days=30)


def snooze(session: Session, reader: Reader, kind: str, subject_id: UUID, until: datetime) -> None:
    """Don't show an exception to the reader's organisation until then; it comes back if it is still stuck. Raises
    ``NotFound`` for one that is not the reader's, and ``Invalid`` for a moment that is over or too far."""
    now = clock.now()
    if not now < until <= now + LONGEST_SNOOZE:
        raise Invalid.field("until", "out_of_range", f"A moment within the next {LONGEST_SNOOZE.days} days.")
    if one(session, reader, kind, subject_id) is None:
        raise NotFound("exception")
    values = {"until": until, "snoozed_by": current_scope().actor, "created_at": now}
    session.execute(
        upsert(Snooze)
        .values(organisation_id=reader.organisation_id, kind=kind, subject_id=subject_id, **values)
        .on_conflict_do_update(index_elements=["organisation_id", "kind", "subject_id"], set_=values)
    )
    _record(session, reader, "exceptions.snoozed", kind, subject_id)


def wake(session: Session, reader: Reader, kind: str, subject_id: UUID) -> None:
    """Show it again at once. One that is not snoozed stays as it is."""
    session.execute(
        delete(Snooze).where(
            Snooze.organisation_id == reader.organisation_id, Snooze.kind == kind, Snooze.subject_id == subject_id
        )
    )
    _record(session, reader, "exceptions.woken", kind, subject_id)


def show_anew(session: Session, kind: str, subject_id: UUID) -> None:
    """Something else is the matter now: whoever put it aside sees it again. Needs a system scope."""
    session.execute(delete(Snooze).where(Snooze.kind == kind, Snooze.subject_id == subject_id))


def forget_old(session: Session) -> None:
    """Snoozes that are over are deleted. Needs a system scope."""
    session.execute(delete(Snooze).where(Snooze.until < clock.now() - timedelta(days=1)))


def _record(session: Session, reader: Reader, action: str, kind: str, subject_id: UUID) -> None:
    audit.record(session, reader.organisation_id, action, kind, subject_id)
