"""States that end by themselves."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from app.kit import clock
from app.returns.rules import (
    APPROVED,
    DECLINED,
    EXPIRED,
    IN_TRANSIT,
    INSPECTED,
    LABEL_SENT,
    NO_PHOTO,
    RECEIVED,
    REQUESTED,
)
from app.returns.service.crediting import credit_accepted
from app.returns.service.inspecting import take_for_good
from app.returns.service.standing import SYSTEM, locked, move


def end_wait(session: Session, return_id: UUID) -> None:
    """A return whose time is over goes on without those who were waited for: a request is approved (declined where its
    terms want a photo and none came), goods that never left need not come any more, a parcel that its carrier brought
    counts as received, and goods that nobody looked at are credited. Needs a system scope."""
    held = locked(session, return_id, None)
    row = held.row
    if row.due_at is None or row.due_at > clock.now():
        return
    if row.lacks_photo:
        row.answer = NO_PHOTO
        move(session, row, DECLINED, by=SYSTEM, answer=row.answer)
    elif row.state == REQUESTED:
        move(session, row, APPROVED, by=SYSTEM)
    elif row.state in (APPROVED, LABEL_SENT):
        move(session, row, EXPIRED, by=SYSTEM)
    elif row.state == IN_TRANSIT:
        move(session, row, RECEIVED, by=SYSTEM)
    elif row.state == RECEIVED:
        take_for_good(session, held)
        credit_accepted(session, held, by=SYSTEM)
    elif row.state == INSPECTED:
        credit_accepted(session, held, by=SYSTEM)
