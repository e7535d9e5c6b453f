"""The last part of links that give their holder one thing for a while: signed, with an end, naming nobody."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from uuid import UUID

from app.kit import clock
from app.kit.crypto import KeyedHash, equal
from app.kit.errors import AppError, NotFound

_MAC_BYTES = 16
_LENGTH = _MAC_BYTES + 16 + 5


class LinkEnded(AppError):
    """The link's time is over."""

    status = 410
    code = "link_ended"
    title = "This link has ended"


def signed(hashes: KeyedHash, purpose: str, what: UUID, ends_at: datetime) -> str:
    """A link's last part. One that was made for another ``purpose`` is not taken."""
    ends = int(ends_at.timestamp()).to_bytes(5, "big")
    raw = _mac(hashes, purpose, what.bytes, ends) + what.bytes + ends
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def opened(hashes: KeyedHash, purpose: str, token: str, *, over: str) -> UUID:
    """What a link is about. Raises ``NotFound`` for one that we did not make, and ``LinkEnded`` with the words
    ``over``."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise NotFound("link") from error
    mac, what, ends = raw[:_MAC_BYTES], raw[_MAC_BYTES : _MAC_BYTES + 16], raw[_MAC_BYTES + 16 :]
    if len(raw) != _LENGTH or not equal(mac, _mac(hashes, purpose, what, ends)):
        raise NotFound("link")
    if datetime.fromtimestamp(int.from_bytes(ends, "big"), UTC) < clock.now():
        raise LinkEnded(over)
    return UUID(bytes=what)


def _mac(hashes: KeyedHash, purpose: str, what: bytes, ends: bytes) -> bytes:
    return hashes.of(purpose, f"{what.hex()}:{ends.hex()}")[:_MAC_BYTES]
