"""E-mails that are sent once: queued with the change that they tell of, sealed until they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.config import key_ring, keyed_hash
from app.db import table_of
from app.kit import clock
from app.kit.crypto import Place
from app.kit.ids import new_id
from app.notifications.events import EmailQueued
from app.notifications.letters import Letter
from app.notifications.models import Email
from app.notifications.rules import is_essential
from app.outbox.service import emit


def queue_email(
    session: Session,
    recipients: Sequence[str],
    letter: Letter,
    *,
    kind: str,
    dedupe: str,
    organisation_id: UUID | None = None,
    attached: str | None = None,
    order_id: UUID | None = None,
) -> int:
    """Send a letter to each address after the commit, in the way that its reader chose. The same ``dedupe`` to the same
    address is sent once. ``attached`` names files that are made when it is sent. ``order_id``: the letter goes
    to the order's customer, and is erased with its address. Returns how many were not there before."""
    ring, now, count = key_ring(), clock.now(), 0
    # A link that gives its holder something must not stand in the clear; a digest needs those of news only.
    link = letter.button[1] if letter.button and not is_essential(kind) else None
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
                link=link,
                attached=attached,
                sender_name=letter.brand.name if letter.brand is not None else "",
                reply_to=letter.brand.email if letter.brand is not None else "",
                order_id=order_id,
                created_at=now,
            )
            .on_conflict_do_nothing()
        )
        if done.rowcount:
            count += 1
            emit(session, EmailQueued(email_id=email_id, organisation_id=organisation_id))
    return count


def erase_letters(session: Session, order_ids: Sequence[UUID]) -> None:
    """Letters to the customers of these orders are gone. Needs a system scope."""
    session.execute(delete(Email).where(Email.order_id.in_(order_ids)))


def mark_sent(session: Session, email_id: UUID) -> None:
    """The transport took the e-mail."""
    session.execute(update(Email).where(Email.id == email_id).values(state="sent", sent_at=clock.now()))


class OpenedEmail:
    """An e-mail in the clear, on its way to the transport or the development mailbox."""

    def __init__(self, row: Email) -> None:
        ring = key_ring()
        self.id = row.id
        self.kind = row.kind
        self.organisation_id = row.organisation_id
        self.state = row.state
        self.attached = row.attached
        self.sender_name = row.sender_name
        self.reply_to = row.reply_to
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
