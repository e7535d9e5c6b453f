"""An e-mail in the form of RFC 5322, as plain text and HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from app.kit import clock
from app.kit.errors import Rejected
from app.notifications.mail import Attachment


def message(
    *,
    sender: str,
    message_id: str,
    recipient: str,
    subject: str,
    text: str,
    html: str,
    headers: Mapping[str, str],
    attachments: Sequence[Attachment] = (),
    sender_name: str = "",
) -> EmailMessage:
    """Build the message. Its id is the same each time, so that a repeated one can be dropped; ``headers`` are added;
    ``sender_name`` takes the place of the sender's own.

    Raises ``Rejected`` for a recipient that is not one address, and for line breaks in a header, which would
    start another one.
    """
    if any(
        sign in value
        for value in (
            recipient,
            subject,
            message_id,
            sender_name,
            *headers.values(),
            *(one.name for one in attachments),
        )
        for sign in "\r\n\0"
    ):
        raise Rejected("header_injection", "a header may not hold line breaks")
    try:
        to = Address(addr_spec=recipient)
    except (MessageError, ValueError, IndexError) as error:
        raise Rejected("bad_recipient", "the recipient is not one e-mail address") from error
    built = EmailMessage(policy=SMTP)
    built["From"] = Address(sender_name, addr_spec=parseaddr(sender)[1]) if sender_name else sender
    built["To"] = to
    built["Subject"] = subject
    built["Date"] = format_datetime(clock.now())
    built["Message-ID"] = f"<{message_id}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    # Out-of-office answers are not sent to such (RFC 3834).
    built["Auto-Submitted"] = "auto-generated"
    for name, value in headers.items():
        built[name] = value
    built.set_content(text)
    built.add_alternative(html, subtype="html")
    for one in attachments:
        kind, _slash, form = one.media_type.partition("/")
        built.add_attachment(one.content, maintype=kind, subtype=form, filename=one.name)
    return built
