"""Invitations and password resets: one-time links, of which only a keyed hash is stored.

The functions return the secret; the caller puts it into an e-mail in the same transaction.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import keyed_hash
from app.db import current_scope
from app.identity.models import Membership, OneTimeLink, Organisation, User
from app.identity.rules import INVITATION_LIFE, RESET_LIFE, ROLES_OF_KIND, normalised_email
from app.identity.service.people import (
    add_member,
    change_role,
    create_user,
    hash_password,
    platform_organisation,
)
from app.identity.service.sessions import end_sessions_of, sign_in
from app.kit import clock
from app.kit.errors import AppError, Invalid, NotFound
from app.kit.ids import new_id, random_token


class LinkSpent(AppError):
    """The link was used before, has run out, or never was."""

    status = 410
    code = "link_spent"
    title = "This link no longer works"

    def __init__(self) -> None:
        super().__init__("This link was used before or has run out. Ask for a new one.")


def invite(session: Session, organisation_id: UUID, *, email: str, role: str) -> str:
    """Invite somebody to an organisation; earlier invitations to the same address work no longer. Returns the link's
    secret. Raises ``Invalid``."""
    kind = session.get_one(Organisation, organisation_id).kind
    if role not in ROLES_OF_KIND[kind]:
        raise Invalid.field("role", "unknown_role", f"A {kind} has the roles: {', '.join(ROLES_OF_KIND[kind])}.")
    address = checked_email(email)
    if session.scalar(
        select(Membership.id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.organisation_id == organisation_id, User.email == address)
    ):
        raise Invalid.field("email", "already_member", "This person is a member already.")
    for earlier in session.scalars(
        select(OneTimeLink).where(
            OneTimeLink.organisation_id == organisation_id,
            OneTimeLink.kind == "invitation",
            OneTimeLink.email == address,
            OneTimeLink.used_at.is_(None),
        )
    ):
        earlier.used_at = clock.now()
    token = _make(session, "invitation", INVITATION_LIFE, email=address, organisation_id=organisation_id, role=role)
    audit.record(session, organisation_id, "identity.invited", "organisation", organisation_id, details={"role": role})
    return token


def withdraw_invitation(session: Session, organisation_id: UUID, link_id: UUID) -> None:
    """Let an invitation that waits for its answer work no longer. Raises ``NotFound``."""
    link = session.scalar(
        select(OneTimeLink)
        .where(
            OneTimeLink.id == link_id,
            OneTimeLink.organisation_id == organisation_id,
            OneTimeLink.kind == "invitation",
        )
        .with_for_update()
    )
    if link is None or link.used_at is not None:
        raise NotFound("invitation")
    link.used_at = clock.now()
    audit.record(
        session, organisation_id, "identity.invitation_withdrawn", "organisation", organisation_id,
        details={"role": link.role},
    )  # fmt: skip


def appoint_admin(session: Session, *, email: str, name: str = "") -> tuple[User, str | None]:
    """Make somebody a platform administrator: a new person, or one that has an account. Returns the person and,
    where it has no password yet, the secret of a link to choose one. Raises ``Invalid``."""
    address = checked_email(email)
    platform = platform_organisation(session)
    user = session.scalar(select(User).where(User.email == address))
    if user is None:
        user = create_user(session, email=address, name=name or address.partition("@")[0])
    membership = session.scalar(
        select(Membership).where(Membership.organisation_id == platform.id, Membership.user_id == user.id)
    )
    if membership is None:
        add_member(session, platform.id, user.id, "platform_admin")
    elif membership.role != "platform_admin":
        change_role(session, platform.id, user.id, "platform_admin")
    if user.password_hash is not None:
        return user, None
    return user, _make(session, "password_reset", RESET_LIFE, email=user.email, user_id=user.id)


def accept_invitation(session: Session, token: str, *, name: str, password: str) -> tuple[User, UUID]:
    """Join the organisation of an invitation. A person that has an account keeps its password, which must then
    be given. Returns the person and the organisation. Raises ``LinkSpent`` and ``Invalid``."""
    link = _use(session, "invitation", token)
    if link.organisation_id is None or link.role is None:
        raise LinkSpent
    user = session.scalar(select(User).where(User.email == link.email))
    if user is None:
        if not name.strip():
            raise Invalid.field("name", "required", "Tell your colleagues your name.")
        user = create_user(session, email=link.email, name=name, password=password)
    elif user.password_hash is None:
        user.password_hash = hash_password(password, link.email)
    elif sign_in(session, email=link.email, password=password, network="invitation") is None:
        raise Invalid.field("password", "wrong_password", "You have an account already: enter its password.")
    add_member(session, link.organisation_id, user.id, link.role)
    return user, link.organisation_id


def request_reset(session: Session, *, email: str) -> tuple[User, str] | None:
    """Start a password reset. Returns the person and the link's secret, or None for an unknown address;
    the page says the same either way."""
    user = session.scalar(select(User).where(User.email == normalised_email(email)))
    if user is None:
        return None
    return user, _make(session, "password_reset", RESET_LIFE, email=user.email, user_id=user.id)


def reset_password(session: Session, token: str, *, password: str) -> User:
    """Set a new password and sign the person out everywhere. Raises ``LinkSpent`` and ``Invalid``."""
    link = _use(session, "password_reset", token)
    if link.user_id is None:
        raise LinkSpent
    user = session.get_one(User, link.user_id)
    user.password_hash = hash_password(password, user.email)
    end_sessions_of(session, user.id)
    return user


def find_link(session: Session, kind: str, token: str) -> OneTimeLink:
    """An unused link, for showing its page. Raises ``LinkSpent``."""
    link = session.scalar(select(OneTimeLink).where(OneTimeLink.token_hash == _hash(token), OneTimeLink.kind == kind))
    if link is None or link.used_at is not None or link.expires_at <= clock.now():
        raise LinkSpent
    return link


def checked_email(email: str) -> str:
    """The address in its stored form. Raises ``Invalid``."""
    try:
        return normalised_email(validate_email(email, check_deliverability=False, test_environment=True).normalized)
    except EmailNotValidError as error:
        raise Invalid.field("email", "invalid_email", "This is not an e-mail address.") from error


def _make(
    session: Session,
    kind: str,
    life: timedelta,
    *,
    email: str,
    organisation_id: UUID | None = None,
    role: str | None = None,
    user_id: UUID | None = None,
) -> str:
    token, now = random_token(), clock.now()
    session.add(
        OneTimeLink(
            id=new_id(),
            kind=kind,
            token_hash=_hash(token),
            email=email,
            organisation_id=organisation_id,
            role=role,
            user_id=user_id,
            created_by=current_scope().actor,
            created_at=now,
            expires_at=now + life,
        )
    )
    session.flush()
    return token


def _use(session: Session, kind: str, token: str) -> OneTimeLink:
    link = session.scalar(
        select(OneTimeLink).where(OneTimeLink.token_hash == _hash(token), OneTimeLink.kind == kind).with_for_update()
    )
    if link is None or link.used_at is not None or link.expires_at <= clock.now():
        raise LinkSpent
    link.used_at = clock.now()
    return link


def _hash(token: str) -> bytes:
    return keyed_hash().of("one-time link", token)
