"""A connection to the mail server, for one message at a time."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import parse_qs, unquote, urlsplit

from app.kit.errors import CredentialsRefused, Rejected, Unavailable

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Server:
    """Where to send, read from ``smtp://user:password@host:587?starttls=1`` or ``smtps://…``."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool
    starttls: bool

    @classmethod
    def parse(cls, url: str) -> Server:
        """Read the address. Raises ``ValueError`` for anything else."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("the address of a mail server is smtp://host:port or smtps://host:port")
        tls = parts.scheme == "smtps"
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls else 25),
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=tls,
            starttls=parse_qs(parts.query).get("starttls", ["0"])[0] not in ("0", "false", "no"),
        )


def deliver(server: Server, message: EmailMessage) -> None:
    """Hand the message over. Raises ``Unavailable`` (no server, a 4xx answer), ``CredentialsRefused`` or
    ``Rejected`` (a 5xx answer)."""
    try:
        connection = _connect(server)
        try:
            connection.send_message(message)
        finally:
            # The message is handed over or not; how the connection ends changes nothing.
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
    except smtplib.SMTPRecipientsRefused as error:
        code, reason = next(iter(error.recipients.values()))
        _raise_for(code, reason, error)
    except smtplib.SMTPAuthenticationError as error:
        if error.smtp_code < 500:
            raise Unavailable(f"{server.host} can't check our password now") from error
        raise CredentialsRefused(f"{server.host} refused our password") from error
    except smtplib.SMTPResponseException as error:
        _raise_for(error.smtp_code, error.smtp_error, error)
    except smtplib.SMTPNotSupportedError as error:
        raise Rejected("not_supported", str(error)) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Unavailable(f"{server.host}: {type(error).__name__}") from error


def _connect(server: Server) -> smtplib.SMTP:
    context = ssl.create_default_context()
    connection: smtplib.SMTP
    if server.tls:
        connection = smtplib.SMTP_SSL(server.host, server.port, timeout=CONNECT_SECONDS, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=CONNECT_SECONDS)
    try:
        if connection.sock is not None:
            connection.sock.settimeout(ANSWER_SECONDS)
        if server.starttls:
            connection.starttls(context=context)
        if server.user is not None:
            connection.login(server.user, server.password or "")
    except BaseException:
        connection.close()
        raise
    return connection


def _raise_for(code: int, reason: bytes | str, error: Exception) -> None:
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    if code >= 500:
        raise Rejected(f"smtp_{code}", text[:300]) from error
    raise Unavailable(f"the mail server answered {code}") from error
