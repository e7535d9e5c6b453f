"""A mailbox for development: e-mails stay in the database and are read at /dev/mailbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.notifications.mail import Attachment


class Mailbox:
    """The ``MailTransport`` port that sends nothing."""

    name = "mailbox"

    def send(
        self,
        *,
        message_id: str,
        recipient: str,
        subject: str,
        text: str,
        html: str,
        headers: Mapping[str, str] | None = None,
        attachments: Sequence[Attachment] = (),
        sender_name: str = "",
    ) -> None:
        """The e-mail is kept where it is."""
