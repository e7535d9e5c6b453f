"""E-mail by SMTP, as ``CROSSDOCK_SMTP_URL`` says."""

from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

from app.config import settings
from app.kit.errors import Rejected, Unavailable

_SECONDS = 20.0


class Smtp:
    """The ``MailTransport`` port for SMTP servers."""

    name = "smtp"

    def send(self, *, message_id: str, recipient: str, subject: str, text: str, html: str) -> None:
        """One connection, one message. A server that answers 4xx, or not at all, is asked again later; 5xx is a
        definite refusal (RFC 5321, 4.2.1)."""
        message = _message(message_id, recipient, subject, text, html)
        try:
            with _connection() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = next(iter(error.recipients.values()))
            raise _refusal(code, answer) from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"SMTP: {type(error).__name__}") from error


def _refusal(code: int, answer: bytes | str) -> Unavailable | Rejected:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return Unavailable(f"SMTP answered {code}") if code < 500 else Rejected(f"smtp_{code}", text[:200])


def _message(message_id: str, recipient: str, subject: str, text: str, html: str) -> EmailMessage:
    """A message with a plain and an HTML part. Line breaks in a header are refused, not folded in."""
    if any("\n" in value or "\r" in value for value in (message_id, recipient, subject)):
        raise Rejected("header", "An address or a subject holds a line break.")
    name, address = parseaddr(settings().mail_from)
    domain = address.rpartition("@")[2]
    message = EmailMessage()
    message["From"] = Address(name, addr_spec=address)
    message["To"] = recipient
    message["Subject"] = subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{message_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message


def _connection() -> smtplib.SMTP:
    configured = settings().smtp_url
    if configured is None:
        raise Unavailable("CROSSDOCK_SMTP_URL is not set")
    url = urlsplit(configured.get_secret_value())
    host = url.hostname or "localhost"
    server: smtplib.SMTP
    if url.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, url.port or 465, timeout=_SECONDS, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(host, url.port or 587, timeout=_SECONDS)
        if parse_qs(url.query).get("starttls", ["0"])[0] == "1":
            server.starttls(context=ssl.create_default_context())
    if url.username:
        server.login(unquote(url.username), unquote(url.password or ""))
    return server
