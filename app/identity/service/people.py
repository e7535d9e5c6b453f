"""Organisations, users and memberships."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.config import settings
from app.identity.models import Membership, Organisation, User, UserSession
from app.identity.rules import ROLES_OF_KIND, normalised_email, normalised_password, password_problem
from app.kit import clock
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id


def hasher() -> PasswordHasher:
    """argon2id with two passes and the memory of the settings."""
    return _hasher(settings().password_memory_kib)


@cache
def _hasher(memory_kib: int) -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=memory_kib, parallelism=1)


def create_organisation(
    session: Session,
    *,
    kind: str,
    name: str,
    country: str,
    currency: str,
    timezone: str = "UTC",
    locale: str = "en",
) -> Organisation:
    """Make a tenant."""
    if kind not in ROLES_OF_KIND:
        raise ValueError(f"unknown kind of organisation: {kind}")
    organisation = Organisation(
        id=new_id(),
        kind=kind,
        name=name,
        country=country,
        currency=currency,
        timezone=timezone,
        locale=locale,
        created_at=clock.now(),
    )
    session.add(organisation)
    session.flush()
    audit.record(session, organisation.id, "identity.organisation_created", "organisation", organisation.id)
    return organisation


def platform_organisation(session: Session) -> Organisation:
    """The platform's own organisation, made on first use."""
    found = session.scalar(select(Organisation).where(Organisation.kind == "platform"))
    return found or create_organisation(session, kind="platform", name="Crossdock", country="US", currency="USD")


def create_user(session: Session, *, email: str, name: str, password: str | None = None) -> User:
    """Make a person. Raises ``Conflict`` for an address that is taken and ``Invalid`` for a weak password."""
    email = normalised_email(email)
    if session.scalar(select(User.id).where(User.email == email)) is not None:
        raise Conflict("This e-mail address has an account already. Sign in instead.", code="email_taken")
    user = User(
        id=new_id(),
        email=email,
        name=name.strip(),
        password_hash=hash_password(password, email) if password is not None else None,
        created_at=clock.now(),
    )
    session.add(user)
    session.flush()
    return user


def hash_password(password: str, email: str) -> str:
    """The argon2id hash. Raises ``Invalid`` when the password breaks a rule."""
    problem = password_problem(password, email)
    if problem:
        raise Invalid.field("password", "weak_password", problem)
    return str(hasher().hash(normalised_password(password)))


def set_timezone(session: Session, user_id: UUID, timezone: str) -> None:
    """The zone in which a person reads times and gets its daily letter: an IANA name. Needs a system scope."""
    session.get_one(User, user_id).timezone = timezone


def add_member(session: Session, organisation_id: UUID, user_id: UUID, role: str) -> Membership:
    """Give a person a role. Raises ``Conflict`` when it has one there."""
    _check_role(session, organisation_id, role)
    taken = session.scalar(
        select(Membership.id).where(Membership.organisation_id == organisation_id, Membership.user_id == user_id)
    )
    if taken is not None:
        raise Conflict("This person is a member already.", code="already_member")
    membership = Membership(
        id=new_id(), organisation_id=organisation_id, user_id=user_id, role=role, created_at=clock.now()
    )
    session.add(membership)
    session.flush()
    audit.record(session, organisation_id, "identity.member_added", "user", user_id, details={"role": role})
    return membership


def change_role(session: Session, organisation_id: UUID, user_id: UUID, role: str) -> None:
    """Change a member's role. The last owner keeps it."""
    _check_role(session, organisation_id, role)
    owner = _owner_role(session, organisation_id)
    membership = _membership(session, organisation_id, user_id)
    if membership.role == owner and role != owner:
        _keep_an_owner(session, organisation_id, owner)
    membership.role = role
    audit.record(session, organisation_id, "identity.role_changed", "user", user_id, details={"role": role})


def remove_member(session: Session, organisation_id: UUID, user_id: UUID) -> None:
    """Take a person out and end its sessions there. The last owner stays."""
    owner = _owner_role(session, organisation_id)
    membership = _membership(session, organisation_id, user_id)
    if membership.role == owner:
        _keep_an_owner(session, organisation_id, owner)
    session.delete(membership)
    now = clock.now()
    for open_session in session.scalars(
        select(UserSession).where(
            UserSession.user_id == user_id,
            UserSession.organisation_id == organisation_id,
            UserSession.ended_at.is_(None),
        )
    ):
        open_session.ended_at = now
    audit.record(session, organisation_id, "identity.member_removed", "user", user_id)


def _owner_role(session: Session, organisation_id: UUID) -> str:
    """The role that somebody must keep. Changes of an organisation's members wait for one another from here on,
    so that two owners who leave at once do not each count on the other."""
    kind = session.scalars(
        select(Organisation.kind).where(Organisation.id == organisation_id).with_for_update(key_share=True)
    ).one()
    return ROLES_OF_KIND[kind][0]


def _membership(session: Session, organisation_id: UUID, user_id: UUID) -> Membership:
    membership = session.scalar(
        select(Membership).where(Membership.organisation_id == organisation_id, Membership.user_id == user_id)
    )
    if membership is None:
        raise NotFound("member")
    return membership


def _keep_an_owner(session: Session, organisation_id: UUID, owner: str) -> None:
    owners = session.scalar(
        select(func.count())
        .select_from(Membership)
        .where(Membership.organisation_id == organisation_id, Membership.role == owner)
    )
    if (owners or 0) < 2:
        raise Conflict("Somebody has to stay the owner. Make another person owner first.", code="last_owner")


def _check_role(session: Session, organisation_id: UUID, role: str) -> None:
    kind = session.get_one(Organisation, organisation_id).kind
    if role not in ROLES_OF_KIND[kind]:
        raise Invalid.field("role", "unknown_role", f"A {kind} has the roles: {', '.join(ROLES_OF_KIND[kind])}.")
