"""The daily letter: what a person wants to be told of once a day, in its own morning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.identity.models import Membership, Organisation, User
from app.kit import clock, texts
from app.notifications.letters import Letter
from app.notifications.models import Email
from app.notifications.rules import DIGEST, OFF, digest_day, topic_of
from app.notifications.service.choosing import choices_of
from app.notifications.service.mailing import queue_email

#: Kind of organisation → where its pages are.
AREAS = {"retailer": "/app", "supplier": "/supplier", "platform": "/console"}
#: Most entries of one letter; the others are counted.
_MOST_ENTRIES = 50


@dataclass(frozen=True, slots=True)
class DigestDue:
    """A person whose letter of ``day`` is to be sent."""

    user_id: UUID
    organisation_id: UUID
    day: date


def digests_due(session: Session) -> Sequence[DigestDue]:
    """People for whom something waits and whose morning has come. Needs a system scope."""
    now = clock.now()
    rows = session.execute(
        select(Email.user_id, Email.organisation_id, User.timezone, Organisation.timezone)
        .join(User, User.id == Email.user_id)
        .join(Organisation, Organisation.id == Email.organisation_id)
        .where(Email.state == "daily")
        .distinct()
    )
    found = []
    for user_id, organisation_id, own_zone, zone in rows:
        day = digest_day(now, texts.zone_of(own_zone or zone))
        if day is not None and user_id is not None and organisation_id is not None:
            found.append(DigestDue(user_id, organisation_id, day))
    return found


def send_digest(session: Session, due: DigestDue, public_url: str) -> None:
    """Gather what waits for a person in one letter; what it does not want any more is dropped. There is one letter a
    day: what comes after it waits for the next. Needs a system scope."""
    waiting = session.scalars(
        select(Email)
        .where(Email.state == "daily", Email.user_id == due.user_id, Email.organisation_id == due.organisation_id)
        .order_by(Email.id)
        .with_for_update()
    ).all()
    member = session.execute(
        select(User.email, Membership.role, Organisation.name, Organisation.kind)
        .join(Membership, Membership.user_id == User.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(User.id == due.user_id, Membership.organisation_id == due.organisation_id)
    ).first()
    choices = choices_of(session, due.organisation_id, due.user_id, member.role) if member is not None else {}
    wanted = [one for one in waiting if choices and choices[topic_of(one.kind)].email != OFF]
    _mark(session, [one.id for one in waiting if one not in wanted], "off")
    if member is None or not wanted:
        return
    count = len(wanted)
    letter = Letter(
        subject=f"Your day at Crossdock: {texts.counted(count, 'message', 'messages')}",
        paragraphs=[f"What happened at {member.name}:"],
        entries=[(one.subject, one.link) for one in wanted[:_MOST_ENTRIES]],
        more=max(0, count - _MOST_ENTRIES),
        button=("See all notices", f"{public_url}{AREAS[member.kind]}/notices"),
        reason="You get this once a day, because you chose so.",
    )
    dedupe = f"digest:{due.organisation_id}:{due.user_id}:{due.day}"
    if queue_email(session, [member.email], letter, kind=DIGEST, dedupe=dedupe, organisation_id=due.organisation_id):
        _mark(session, [one.id for one in wanted], "digested")


def _mark(session: Session, email_ids: Sequence[UUID], state: str) -> None:
    session.execute(update(Email).where(Email.id.in_(email_ids)).values(state=state))
