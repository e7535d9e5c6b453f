"""The port to a mail server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.adapters.mail.smtp.client import Server, deliver
from app.adapters.mail.smtp.translate import message
from app.config import settings
from app.kit.errors import Unavailable
from app.notifications.mail import Attachment


class Smtp:
    """Sends through the server of the setting ``smtp_url``."""

    name = "smtp"

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
        """Hand an e-mail over, one connection for each."""
        url = settings().smtp_url
        if url is None:
            # Kept in the queue: it can be sent once the setting is there.
            raise Unavailable("CROSSDOCK_SMTP_URL is not set")
        built = message(
            sender=settings().mail_from,
            sender_name=sender_name,
            message_id=message_id,
            recipient=recipient,
            subject=subject,
            text=text,
            html=html,
            headers=headers or {},
            attachments=attachments,
        )
        try:
            server = Server.parse(url.get_secret_value())
        except ValueError as error:
            raise Unavailable("CROSSDOCK_SMTP_URL is not the address of a mail server") from error
        deliver(server, built)
