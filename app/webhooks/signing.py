"""Signatures as Standard Webhooks has them (https://www.standardwebhooks.com): HMAC-SHA-256 over id, time and body."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """A fresh secret, in the form that receivers' libraries read."""
    return PREFIX + b64encode(secrets.token_bytes(_BYTES)).decode()


def signed_headers(message_id: str, timestamp: int, body: bytes, signing: Sequence[str]) -> dict[str, str]:
    """The headers of a message. ``timestamp`` is of the attempt, in seconds; each of the secrets ``signing`` makes a
    signature, so that a receiver may know either while they are changed."""
    signatures = [f"v1,{_signature(secret, f'{message_id}.{timestamp}.'.encode() + body)}" for secret in signing]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, content: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX), validate=True)
    return b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
