"""Links in letters by which a supplier answers one purchase order without signing in: signed, with an end, naming
nobody. Whoever holds one sees that order without its address, and can answer it; nothing else."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.config import keyed_hash
from app.kit import clock
from app.kit.crypto import equal
from app.kit.errors import AppError, NotFound

LASTS = timedelta(days=14)
_MAC_BYTES = 16
_LENGTH = _MAC_BYTES + 16 + 5


class LinkEnded(AppError):
    """The link's time is over."""

    status = 410
    code = "link_ended"
    title = "This link has ended"

    def __init__(self) -> None:
        super().__init__("Links in letters hold for two weeks. Sign in to answer the order.")


def answer_token(purchase_order_id: UUID) -> str:
    """The link's last part, for a purchase order."""
    ends = int((clock.now() + LASTS).timestamp()).to_bytes(5, "big")
    raw = _mac(purchase_order_id.bytes, ends) + purchase_order_id.bytes + ends
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def opened_answer_token(token: str) -> UUID:
    """The purchase order of a link. Raises ``NotFound`` for one that we did not make, and ``LinkEnded``."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise NotFound("link") from error
    mac, order, ends = raw[:_MAC_BYTES], raw[_MAC_BYTES : _MAC_BYTES + 16], raw[_MAC_BYTES + 16 :]
    if len(raw) != _LENGTH or not equal(mac, _mac(order, ends)):
        raise NotFound("link")
    if datetime.fromtimestamp(int.from_bytes(ends, "big"), UTC) < clock.now():
        raise LinkEnded
    return UUID(bytes=order)


def _mac(order: bytes, ends: bytes) -> bytes:
    return keyed_hash().of("answer link", f"{order.hex()}:{ends.hex()}")[:_MAC_BYTES]
