"""Tables of notifications."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import SYSTEM_INSERTABLE, Base, own
from app.notifications.rules import can_be_dismissed


class Notice(Base):
    """Something an organisation should know. ``resolved_at`` is set when the cause is gone."""

    __tablename__ = "notices"
    __tenancy__ = own()
    __table_args__ = (
        UniqueConstraint("organisation_id", "dedupe"),
        UniqueConstraint("organisation_id", "id"),
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
    #: Not written any more, see ``NoticeRead``; the release before this one still reads it.
    read_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]

    @property
    def dismissible(self) -> bool:
        """Whether its reader may put it away."""
        return can_be_dismissed(self.kind, self.severity)


class NoticeRead(Base):
    """Somebody has read a notice. It counts as long as the notice has not come again since."""

    __tablename__ = "notice_reads"
    __tenancy__ = own()
    __table_args__ = (
        ForeignKeyConstraint(
            ["organisation_id", "notice_id"], ["notices.organisation_id", "notices.id"], ondelete="cascade"
        ),
        Index(None, "organisation_id", "notice_id"),
    )

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    #: A principal's actor: ``user:<id>`` or ``shop:<id there>``.
    reader: Mapped[str] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID]
    read_at: Mapped[datetime]


class NotificationChoice(Base):
    """How a member wants to be told of a topic, where it chose otherwise than its role is told."""

    __tablename__ = "notification_choices"
    __tenancy__ = own()

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    #: One of ``rules.TOPICS``.
    topic: Mapped[str] = mapped_column(primary_key=True)
    #: One of ``rules.EMAIL_WAYS``.
    email: Mapped[str]
    in_app: Mapped[bool]


class Email(Base):
    """An e-mail to be sent once. Address and text are sealed; ``dedupe`` makes the same fact one e-mail."""

    __tablename__ = "emails"
    __tenancy__ = SYSTEM_INSERTABLE
    __table_args__ = (
        Index("ix_emails_waiting", "created_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_emails_daily", "user_id", "organisation_id", postgresql_where=text("state = 'daily'")),
        Index(None, "created_at"),
        Index("ix_emails_order_id", "order_id", postgresql_where=text("order_id is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID | None]
    kind: Mapped[str]
    dedupe: Mapped[str] = mapped_column(unique=True)
    recipient: Mapped[bytes]
    subject: Mapped[str]
    text_body: Mapped[bytes]
    html_body: Mapped[bytes]
    #: Where its button leads, of news only: for the digest.
    link: Mapped[str | None]
    #: What is attached when it is sent, drawn then: ``purchase_orders:<supplier>:<id>,<id>…``.
    attached: Mapped[str | None]
    #: In whose name a shop's customer is written to, and where answers go; empty: in ours.
    sender_name: Mapped[str] = mapped_column(server_default="")
    reply_to: Mapped[str] = mapped_column(server_default="")
    #: The order that a shop's customer is written to about: the letter is erased with its address.
    order_id: Mapped[UUID | None]
    #: Whose it is, where it is kept for the digest.
    user_id: Mapped[UUID | None]
    #: ``waiting``, ``sent``, ``daily`` (waits for the digest), ``digested`` or ``off`` (its reader does not want it).
    state: Mapped[str] = mapped_column(server_default="waiting")
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
