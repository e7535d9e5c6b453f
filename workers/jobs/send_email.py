"""Hand an e-mail to the transport, unless its reader wants it once a day or not at all."""

from __future__ import annotations

from app.adapters import registries
from app.config import settings
from app.identity.models import Organisation
from app.notifications.events import EmailQueued
from app.notifications.letters import with_footer
from app.notifications.rules import NOW
from app.notifications.service import AREAS, mark_sent, open_email, put_aside, way_of
from workers.job import Run, job
from workers.order_files import attachments_of


@job(queue="letters", on=EmailQueued, batch=5, timeout=30)
def send_email(run: Run, event: EmailQueued) -> None:
    """See the module."""
    with run.transaction() as session:
        email = open_email(session, event.email_id)
        if email is None or email.state != "waiting":
            return
        way = way_of(session, email)
        if way.email != NOW:
            put_aside(session, email.id, way)
            run.end()
            return
        kind = session.get_one(Organisation, email.organisation_id).kind if email.organisation_id else None
        attachments = attachments_of(session, email.attached)
    text, html = email.text, email.html
    headers = {"Reply-To": email.reply_to} if email.reply_to else {}
    if way.stop is not None and kind is not None:
        # One click in the reader's mail program (RFC 8058), and the same link below the letter.
        stop = f"{settings().public_url}/unsubscribe/{way.stop}"
        headers |= {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        choices = f"{settings().public_url}{AREAS[kind]}/notices/choices"
        text, html = with_footer(text, html, [("Choose what you are told", choices), ("Stop these e-mails", stop)])
    registries.mail.get(settings().mail_transport).send(
        message_id=str(email.id),
        recipient=email.recipient,
        subject=email.subject,
        text=text,
        html=html,
        headers=headers,
        attachments=attachments,
        sender_name=email.sender_name,
    )
    with run.closing() as session:
        mark_sent(session, email.id)
