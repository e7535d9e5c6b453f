"""Telling people: notices in the app, and e-mails that are sent once, each in the way that its reader chose."""

from app.notifications.service.choosing import (
    Choice,
    Way,
    choices_of,
    choose,
    opened_token,
    put_aside,
    unsubscribe,
    way_of,
)
from app.notifications.service.digesting import AREAS, digests_due, send_digest
from app.notifications.service.mailing import (
    OpenedEmail,
    erase_letters,
    latest_emails,
    mark_sent,
    open_email,
    queue_email,
)
from app.notifications.service.noticing import dismiss, mark_read, notify, resolve

__all__ = [
    "AREAS",
    "Choice",
    "OpenedEmail",
    "Way",
    "choices_of",
    "choose",
    "digests_due",
    "dismiss",
    "erase_letters",
    "latest_emails",
    "mark_read",
    "mark_sent",
    "notify",
    "open_email",
    "opened_token",
    "put_aside",
    "queue_email",
    "resolve",
    "send_digest",
    "unsubscribe",
    "way_of",
]
