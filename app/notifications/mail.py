"""The port to whatever carries e-mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with an e-mail. ``media_type`` such as ``application/pdf``."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@runtime_checkable
class MailTransport(Protocol):
    """One way of sending e-mail."""

    @property
    def name(self) -> str:
        """The adapter's name, as the setting ``mail_transport`` gives it."""

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
        """Hand an e-mail over. ``message_id`` lets the other side drop a repeated one; ``headers`` are added;
        ``sender_name`` stands before our address, for letters in a shop's name. Raises ``Unavailable`` or
        ``Rejected``."""
