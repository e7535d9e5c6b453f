"""Telling people: notices in the app, and e-mails that are sent once."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.config import key_ring, keyed_hash
from app.db import table_of
from app.kit import clock
from app.kit.crypto import Place
from app.kit.errors import Conflict, NotFound
from app.kit.ids import new_id
from app.notifications.events import EmailQueued
from app.notifications.letters import Letter
from app.notifications.models import Email, Notice
from app.outbox.service import emit


def notify(
    session: Session,
    organisation_id: UUID,
    *,
    kind: str,
    title: str,
    body: str,
    link: str,
    dedupe: str,
    severity: str = "info",
) -> None:
    """Show a notice. The same ``dedupe`` again brings the notice back to the top, unread, with its new words."""
    now = clock.now()
    values = {
        "kind": kind,
        "severity": severity,
        "title": title,
        "body": body,
        "link": link,
        "created_at": now,
        "read_at": None,
        "resolved_at": None,
    }
    session.execute(
        insert(Notice)
        .values(id=new_id(), organisation_id=organisation_id, dedupe=dedupe, **values)
        .on_conflict_do_update(index_elements=["organisation_id", "dedupe"], set_=values)
    )


def resolve(session: Session, organisation_id: UUID, dedupe: str) -> None:
    """The cause of a notice is gone."""
    session.execute(
        update(Notice)
        .where(Notice.organisation_id == organisation_id, Notice.dedupe == dedupe, Notice.resolved_at.is_(None))
        .values(resolved_at=clock.now())
    )


def dismiss(session: Session, organisation_id: UUID, notice_id: UUID) -> None:
    """Somebody has read a piece of news and wants it gone. What needs doing stays until its cause is gone.
    Raises ``NotFound`` and ``Conflict``."""
    notice = session.scalar(
        select(Notice).where(Notice.id == notice_id, Notice.organisation_id == organisation_id).with_for_update()
    )
    if notice is None:
        raise NotFound("notice")
    if notice.severity != "info":
        raise Conflict("This notice goes away by itself when its cause is gone.", code="notice_stays")
    if notice.resolved_at is None:
        notice.resolved_at = clock.now()


def read_all(session: Session, organisation_id: UUID) -> None:
    """Mark every notice as read."""
    session.execute(
        update(Notice)
        .where(Notice.organisation_id == organisation_id, Notice.read_at.is_(None))
        .values(read_at=clock.now())
    )


def queue_email(
    session: Session,
    recipients: Sequence[str],
    letter: Letter,
    *,
    kind: str,
    dedupe: str,
    organisation_id: UUID | None = None,
) -> None:
    """Send a letter to each address after the commit. The same ``dedupe`` to the same address is sent once."""
    ring, now = key_ring(), clock.now()
    for recipient in recipients:
        email_id = new_id()

        def sealed(column: str, text: str, row_id: UUID = email_id) -> bytes:
            return ring.seal(text.encode(), Place("emails", column, row_id))

        done = session.connection().execute(
            insert(table_of(Email))
            .values(
                id=email_id,
                organisation_id=organisation_id,
                kind=kind,
                dedupe=f"{dedupe}:{_short(recipient)}",
                recipient=sealed("recipient", recipient),
                subject=letter.subject,
                text_body=sealed("text_body", letter.text()),
                html_body=sealed("html_body", letter.html()),
                created_at=now,
            )
            .on_conflict_do_nothing()
        )
        if done.rowcount:
            emit(session, EmailQueued(email_id=email_id, organisation_id=organisation_id))


def mark_sent(session: Session, email_id: UUID) -> None:
    """The transport took the e-mail."""
    session.execute(update(Email).where(Email.id == email_id).values(state="sent", sent_at=clock.now()))


class OpenedEmail:
    """An e-mail in the clear, on its way to the transport or the development mailbox."""

    def __init__(self, row: Email) -> None:
        ring = key_ring()
        self.id = row.id
        self.kind = row.kind
        self.state = row.state
        self.created_at = row.created_at
        self.subject = row.subject
        self.recipient = ring.open(row.recipient, Place("emails", "recipient", row.id)).decode()
        self.text = ring.open(row.text_body, Place("emails", "text_body", row.id)).decode()
        self.html = ring.open(row.html_body, Place("emails", "html_body", row.id)).decode()


def open_email(session: Session, email_id: UUID) -> OpenedEmail | None:
    """One e-mail in the clear. Needs a system scope."""
    row = session.get(Email, email_id)
    return OpenedEmail(row) if row else None


def latest_emails(session: Session, limit: int = 100) -> list[OpenedEmail]:
    """The newest e-mails, for the development mailbox. Needs a system scope."""
    return [OpenedEmail(row) for row in session.scalars(select(Email).order_by(Email.id.desc()).limit(limit))]


def _short(recipient: str) -> str:
    return keyed_hash().of("recipient", recipient).hex()[:16]
