"""Tables of identity."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import SYSTEM, Base, own


class Organisation(Base):
    """A tenant: a retailer, a supplier, or the platform itself."""

    __tablename__ = "organisations"
    __tenancy__ = own("id")

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: ``retailer``, ``supplier`` or ``platform``.
    kind: Mapped[str]
    name: Mapped[str]
    country: Mapped[str]
    #: The currency it is charged or paid in.
    currency: Mapped[str]
    #: IANA name, for deadlines and reports.
    timezone: Mapped[str]
    locale: Mapped[str]
    created_at: Mapped[datetime]


class User(Base):
    """A person. ``email`` is kept lower-case; ``password_hash`` is argon2id, absent until one is chosen."""

    __tablename__ = "users"
    __tenancy__ = SYSTEM

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    locale: Mapped[str | None]
    timezone: Mapped[str | None]
    created_at: Mapped[datetime]


class Membership(Base):
    """A person's role in an organisation; one each."""

    __tablename__ = "memberships"
    __tenancy__ = own()
    __table_args__ = (UniqueConstraint("organisation_id", "user_id"), Index(None, "user_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str]
    created_at: Mapped[datetime]


class UserSession(Base):
    """A signed-in browser. Only a keyed hash of its cookie is stored; ending a session is marking the row."""

    __tablename__ = "user_sessions"
    __tenancy__ = SYSTEM
    __table_args__ = (Index(None, "user_id", postgresql_where=text("ended_at is null")),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    #: A short form of the browser's name, for the list of sessions.
    browser: Mapped[str]


class ApiKey(Base):
    """A key to the API. The secret is shown once; ``secret_hash`` is a keyed hash of it."""

    __tablename__ = "api_keys"
    __tenancy__ = own()
    __table_args__ = (
        Index(None, "organisation_id"),
        Index(None, "expires_at", postgresql_where=text("revoked_at is null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str]
    #: The first characters of the key, so that people can tell keys apart.
    prefix: Mapped[str]
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    scopes: Mapped[list[str]]
    #: Networks in CIDR form; an empty list allows all.
    allowed_ips: Mapped[list[str]]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    #: The key that takes this one's place; this one goes on until ``expires_at``, which was brought forward.
    replaced_by: Mapped[UUID | None]
    #: How many days before its end its owner was last told, of ``rules.API_KEY_NOTICES``; 0: told that it has ended.
    told_days: Mapped[int | None]


class OneTimeLink(Base):
    """An invitation or a password reset sent by e-mail: works once, for a limited time."""

    __tablename__ = "one_time_links"
    __tenancy__ = SYSTEM
    __table_args__ = (Index(None, "organisation_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    #: ``invitation`` or ``password_reset``.
    kind: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    email: Mapped[str]
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisations.id"))
    role: Mapped[str | None]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInThrottle(Base):
    """Failed sign-ins of late for one e-mail address or one network, named by a keyed hash."""

    __tablename__ = "sign_in_throttles"
    __tenancy__ = SYSTEM

    subject: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    first_failure_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]
