"""Reads of identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity.models import ApiKey, Membership, OneTimeLink, Organisation, User
from app.identity.rules import ROLES
from app.kit import clock
from app.kit.errors import NotFound


@dataclass(frozen=True, slots=True)
class Member:
    """A person in an organisation."""

    user_id: UUID
    name: str
    email: str
    role: str
    since: datetime


def members(session: Session, organisation_id: UUID) -> Sequence[Member]:
    """The members of one organisation. Users are outside tenancy: needs a system scope."""
    rows = session.execute(
        select(User.id, User.name, User.email, Membership.role, Membership.created_at)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.organisation_id == organisation_id)
        .order_by(Membership.created_at)
    )
    return [Member(*row) for row in rows]


def recipients(session: Session, organisation_id: UUID, permission: str) -> Sequence[str]:
    """The e-mail addresses of the members who hold a permission. Needs a system scope."""
    return [member.email for member in members(session, organisation_id) if permission in ROLES[member.role]]


def organisations_of(session: Session, user_id: UUID) -> Sequence[Organisation]:
    """The organisations that a person belongs to. Needs a system scope."""
    return session.scalars(
        select(Organisation)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .where(Membership.user_id == user_id)
        .order_by(Organisation.name)
    ).all()


def open_invitations(session: Session, organisation_id: UUID) -> Sequence[OneTimeLink]:
    """Invitations that wait for an answer. Needs a system scope."""
    return session.scalars(
        select(OneTimeLink)
        .where(
            OneTimeLink.organisation_id == organisation_id,
            OneTimeLink.kind == "invitation",
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > clock.now(),
        )
        .order_by(OneTimeLink.created_at.desc())
    ).all()


def api_keys(session: Session, organisation_id: UUID) -> Sequence[ApiKey]:
    """Keys of an organisation, newest first, revoked ones included."""
    return session.scalars(
        select(ApiKey).where(ApiKey.organisation_id == organisation_id).order_by(ApiKey.created_at.desc())
    ).all()


def api_key(session: Session, organisation_id: UUID, key_id: UUID) -> ApiKey:
    """One key of an organisation. Raises ``NotFound``."""
    found = session.get(ApiKey, key_id)
    if found is None or found.organisation_id != organisation_id:
        raise NotFound("API key")
    return found
