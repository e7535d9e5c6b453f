"""What each person wants to be told of and how, and the signed links by which an e-mail is stopped."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.config import keyed_hash
from app.db import table_of
from app.identity.models import Membership, User
from app.identity.rules import normalised_email
from app.kit.crypto import equal
from app.kit.errors import Invalid, NotFound
from app.notifications.models import Email, NotificationChoice
from app.notifications.rules import ACCOUNT, DAILY, DIGEST, EMAIL_WAYS, NOW, OFF, TOPICS, default_way, topic_of
from app.notifications.service.mailing import OpenedEmail

_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Choice:
    """How one person is told of one topic. ``email`` is one of ``rules.EMAIL_WAYS``; ``in_app``: whether notices are
    shown, those aside that are critical."""

    email: str
    in_app: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """How a letter goes to its reader. ``stop`` is what its unsubscribe link carries; None where there is none."""

    email: str
    user_id: UUID | None = None
    stop: str | None = None


def choices_of(session: Session, organisation_id: UUID, user_id: UUID, role: str) -> dict[str, Choice]:
    """Topic → what a member chose, or what its role is told."""
    chosen = {
        row.topic: Choice(row.email, row.in_app)
        for row in session.scalars(
            select(NotificationChoice).where(
                NotificationChoice.organisation_id == organisation_id, NotificationChoice.user_id == user_id
            )
        )
    }
    found = {topic: chosen.get(topic) or Choice(default_way(role, topic)) for topic in TOPICS}
    return {**found, ACCOUNT: Choice(NOW)}


def choose(session: Session, organisation_id: UUID, user_id: UUID, choices: Mapping[str, Choice]) -> None:
    """Keep what a person chose. Raises ``Invalid`` for what can't be chosen."""
    for topic, choice in choices.items():
        if topic not in TOPICS or choice.email not in EMAIL_WAYS:
            raise Invalid.field(topic, "unknown", "There is no such choice.")
        if topic == ACCOUNT and choice != Choice(NOW):
            raise Invalid.field(topic, "always_on", "What concerns your account always comes.")
    rows = [
        {
            "organisation_id": organisation_id,
            "user_id": user_id,
            "topic": topic,
            "email": choice.email,
            "in_app": choice.in_app,
        }
        for topic, choice in choices.items()
        if topic != ACCOUNT
    ]
    if rows:
        new = insert(table_of(NotificationChoice))
        again = new.on_conflict_do_update(
            index_elements=["organisation_id", "user_id", "topic"],
            set_={"email": new.excluded.email, "in_app": new.excluded.in_app},
        )
        session.connection().execute(again, rows)


def way_of(session: Session, email: OpenedEmail) -> Way:
    """How a letter goes: as its reader wants it, at once where the reader is nobody's member. Needs a system scope."""
    topic = topic_of(email.kind)
    if email.organisation_id is None or (topic == ACCOUNT and email.kind != DIGEST):
        return Way(NOW)
    member = session.execute(
        select(User.id, Membership.role)
        .join(Membership, Membership.user_id == User.id)
        .where(User.email == normalised_email(email.recipient), Membership.organisation_id == email.organisation_id)
    ).first()
    if member is None:
        return Way(NOW)
    if email.kind == DIGEST:
        return Way(NOW, member.id, _token(member.id, email.organisation_id, DIGEST))
    choice = choices_of(session, email.organisation_id, member.id, member.role)[topic]
    return Way(choice.email, member.id, _token(member.id, email.organisation_id, topic))


def put_aside(session: Session, email_id: UUID, way: Way) -> None:
    """A letter is not sent by itself: it waits for the digest, or is not wanted."""
    state = "daily" if way.email == DAILY else "off"
    session.execute(update(Email).where(Email.id == email_id).values(state=state, user_id=way.user_id))


def opened_token(token: str) -> tuple[UUID, UUID, str]:
    """Person, organisation and topic of an unsubscribe link. Raises ``NotFound`` for one that we did not make."""
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        mac, person, organisation, topic = raw[:_MAC_BYTES], raw[16:32], raw[32:48], raw[48:].decode("ascii")
    except (ValueError, binascii.Error, UnicodeError) as error:
        raise NotFound("link") from error
    if len(organisation) != 16 or topic not in (*TOPICS, DIGEST) or not equal(mac, _mac(person, organisation, topic)):
        raise NotFound("link")
    return UUID(bytes=person), UUID(bytes=organisation), topic


def unsubscribe(session: Session, token: str) -> str:
    """End the e-mails of which a link is; twice is as once. Returns the topic. Raises ``NotFound``. Needs a system
    scope."""
    user_id, organisation_id, topic = opened_token(token)
    role = session.scalar(
        select(Membership.role).where(Membership.user_id == user_id, Membership.organisation_id == organisation_id)
    )
    if role is not None:
        now = choices_of(session, organisation_id, user_id, role)
        ended = [topic] if topic != DIGEST else [name for name, choice in now.items() if choice.email == DAILY]
        choose(session, organisation_id, user_id, {name: Choice(OFF, now[name].in_app) for name in ended})
    return topic


def _token(user_id: UUID, organisation_id: UUID, topic: str) -> str:
    mac = _mac(user_id.bytes, organisation_id.bytes, topic)
    return base64.urlsafe_b64encode(mac + user_id.bytes + organisation_id.bytes + topic.encode()).decode().rstrip("=")


def _mac(person: bytes, organisation: bytes, topic: str) -> bytes:
    return keyed_hash().of("unsubscribe", f"{person.hex()}:{organisation.hex()}:{topic}")[:_MAC_BYTES]
