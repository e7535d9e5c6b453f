"""Hand an e-mail to the transport."""

from __future__ import annotations

from app.adapters import registries
from app.config import settings
from app.notifications.events import EmailQueued
from app.notifications.service import mark_sent, open_email
from workers.job import Run, job


@job(queue="letters", on=EmailQueued, timeout=30)
def send_email(run: Run, event: EmailQueued) -> None:
    """See the module."""
    with run.transaction() as session:
        email = open_email(session, event.email_id)
    if email is None or email.state == "sent":
        return
    registries.mail.get(settings().mail_transport).send(
        message_id=str(email.id), recipient=email.recipient, subject=email.subject, text=email.text, html=email.html
    )
    with run.closing() as session:
        mark_sent(session, email.id)
