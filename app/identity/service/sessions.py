"""Signing in and out. Sessions live on the server; ending one works at once."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import keyed_hash
from app.identity.models import Membership, Organisation, SignInThrottle, User, UserSession
from app.identity.principal import Principal
from app.identity.rules import (
    ROLES,
    SESSION_IDLE,
    SESSION_LIFE,
    THROTTLE_NETWORK,
    THROTTLE_PAIR,
    THROTTLE_WINDOW,
    normalised_email,
    normalised_password,
    pause_after,
)
from app.identity.service.people import hasher
from app.kit import clock
from app.kit.errors import TooMany, Unauthenticated
from app.kit.ids import new_id, random_token

WRONG = "The e-mail address or the password is not right."


class SignInRefused(Unauthenticated):
    """Wrong address or password: the text never says which."""

    code = "sign_in_refused"


def sign_in(session: Session, *, email: str, password: str, network: str) -> User | None:
    """The person, if address and password are right; else None, with the failure counted for the throttle.

    The caller commits in both cases. Raises ``TooMany`` while a pause lasts.
    """
    email = normalised_email(email)
    subjects = _subjects(email, network)
    _refuse_while_paused(session, subjects)
    user = session.scalar(select(User).where(User.email == email))
    hashing = hasher()
    # Made whoever signs in: the first time it takes longer.
    nobodys = _nobodys_hash(hashing)
    stored = user.password_hash if user is not None and user.password_hash else nobodys
    try:
        hashing.verify(stored, normalised_password(password[:1024]))
        right = user is not None and user.password_hash is not None
    except (VerificationError, InvalidHashError):
        right = False
    if not right or user is None:
        _count_failure(session, subjects)
        return None
    session.execute(delete(SignInThrottle).where(SignInThrottle.subject == subjects[0][0]))
    if hashing.check_needs_rehash(stored):
        user.password_hash = hashing.hash(normalised_password(password))
    return user


@cache
def _nobodys_hash(hashing: PasswordHasher) -> str:
    """Checked when there is no such user, so that both answers take the same time."""
    return str(hashing.hash("nobody has this password"))


def start_session(session: Session, user: User, organisation_id: UUID | None, *, browser: str) -> str:
    """Open a session for one of the person's organisations (its first when None). Returns the cookie's value.

    Raises ``Unauthenticated`` when the person belongs to no organisation, or not to this one.
    """
    query = select(Membership).where(Membership.user_id == user.id).order_by(Membership.created_at)
    if organisation_id is not None:
        query = query.where(Membership.organisation_id == organisation_id)
    membership = session.scalar(query.limit(1))
    if membership is None:
        raise Unauthenticated("You are not a member of any organisation. Ask its owner to invite you.")
    token, now = random_token(), clock.now()
    row = UserSession(
        id=new_id(),
        token_hash=_hash(token),
        user_id=user.id,
        organisation_id=membership.organisation_id,
        created_at=now,
        last_seen_at=now,
        expires_at=now + SESSION_LIFE,
        browser=browser[:80],
    )
    session.add(row)
    session.flush()
    audit.record(session, membership.organisation_id, "identity.signed_in", "user", user.id, actor=f"user:{user.id}")
    return token


def principal_of_session(session: Session, token: str) -> Principal | None:
    """Who holds this cookie; None when its session has ended or never was. Notes that it was seen."""
    now = clock.now()
    row = session.execute(
        select(UserSession, User, Organisation, Membership.role)
        .join(User, User.id == UserSession.user_id)
        .join(Organisation, Organisation.id == UserSession.organisation_id)
        .join(
            Membership,
            (Membership.user_id == UserSession.user_id) & (Membership.organisation_id == UserSession.organisation_id),
        )
        .where(UserSession.token_hash == _hash(token), UserSession.ended_at.is_(None))
    ).first()
    if row is None:
        return None
    browser_session, user, organisation, role = row
    if browser_session.expires_at <= now or browser_session.last_seen_at + SESSION_IDLE <= now:
        return None
    if (now - browser_session.last_seen_at).total_seconds() > 60:
        browser_session.last_seen_at = now
    return Principal(
        actor=f"user:{user.id}",
        organisation_id=organisation.id,
        organisation_kind=organisation.kind,
        organisation_name=organisation.name,
        permissions=ROLES[role],
        locale=user.locale or organisation.locale,
        timezone=user.timezone or organisation.timezone,
        currency=organisation.currency,
        name=user.name,
        user_id=user.id,
        session_id=browser_session.id,
        role=role,
    )


def end_session(session: Session, session_id: UUID) -> None:
    """Sign a browser out."""
    session.execute(update(UserSession).where(UserSession.id == session_id).values(ended_at=clock.now()))


def end_sessions_of(session: Session, user_id: UUID) -> None:
    """Sign a person out everywhere, as after a change of password."""
    session.execute(
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def _hash(token: str) -> bytes:
    return keyed_hash().of("session", token)


def _subjects(email: str, network: str) -> list[tuple[bytes, int]]:
    return [
        (keyed_hash().of("sign-in pair", f"{email}|{network}"), THROTTLE_PAIR),
        (keyed_hash().of("sign-in network", network), THROTTLE_NETWORK),
    ]


def _refuse_while_paused(session: Session, subjects: list[tuple[bytes, int]]) -> None:
    now = clock.now()
    until: datetime | None = session.scalar(
        select(SignInThrottle.blocked_until)
        .where(
            SignInThrottle.subject.in_([subject for subject, _ in subjects]),
            SignInThrottle.blocked_until > now,
        )
        .order_by(SignInThrottle.blocked_until.desc())
        .limit(1)
    )
    if until is not None:
        seconds = max(1, round((until - now).total_seconds()))
        raise TooMany(f"Too many tries. Wait {seconds} seconds, then try again.", retry_after=seconds)


def _count_failure(session: Session, subjects: list[tuple[bytes, int]]) -> None:
    now = clock.now()
    for subject, allowed in subjects:
        row = session.scalar(select(SignInThrottle).where(SignInThrottle.subject == subject).with_for_update())
        if row is None:
            session.execute(
                insert(SignInThrottle)
                .values(subject=subject, failures=1, first_failure_at=now)
                .on_conflict_do_nothing()
            )
            continue
        if row.first_failure_at + THROTTLE_WINDOW < now and (row.blocked_until is None or row.blocked_until < now):
            row.failures, row.first_failure_at, row.blocked_until = 0, now, None
        row.failures += 1
        pause = pause_after(row.failures, allowed)
        row.blocked_until = now + pause if pause else None
