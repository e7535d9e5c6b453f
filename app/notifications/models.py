"""Tables of notifications."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import SYSTEM_INSERTABLE, Base, own


class Notice(Base):
    """Something an organisation should know. ``resolved_at`` is set when the cause is gone."""

    __tablename__ = "notices"
    __tenancy__ = own()
    __table_args__ = (
        UniqueConstraint("organisation_id", "dedupe"),
        Index(None, "organisation_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    kind: Mapped[str]
    #: ``info``, ``warning`` or ``critical``.
    severity: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    #: A path in the app.
    link: Mapped[str]
    #: The same fact told twice makes one notice.
    dedupe: Mapped[str]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]


class Email(Base):
    """An e-mail to be sent once. Address and text are sealed; ``dedupe`` makes the same fact one e-mail."""

    __tablename__ = "emails"
    __tenancy__ = SYSTEM_INSERTABLE
    __table_args__ = (
        Index("ix_emails_waiting", "created_at", postgresql_where=text("state = 'waiting'")),
        Index(None, "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID | None]
    kind: Mapped[str]
    dedupe: Mapped[str] = mapped_column(unique=True)
    recipient: Mapped[bytes]
    subject: Mapped[str]
    text_body: Mapped[bytes]
    html_body: Mapped[bytes]
    #: ``waiting``, ``sent`` or ``failed``.
    state: Mapped[str] = mapped_column(server_default="waiting")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
