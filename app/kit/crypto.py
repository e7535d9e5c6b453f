"""Encryption of columns, keyed hashes of secrets, and the ring of keys behind both.

A sealed value is ``0x01 ‖ key id (4 bytes) ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag``. The place where it
is stored (table, column, row id) is authenticated with it, so that a ciphertext moved to another row, column or
table does not open. Nonces are random: at most 2**32 values per key (NIST SP 800-38D), hence the rotation.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
_ID, _NONCE = 4, 12
KEY_BYTES = 32


class CannotOpen(Exception):
    """A sealed value does not open: it was altered or moved, or its key is not in the ring."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lives."""

    table: str
    column: str
    row_id: UUID

    def authenticated(self) -> bytes:
        """The bytes that are bound to the ciphertext."""
        return f"{self.table}|{self.column}|{self.row_id}".encode()


class KeyRing:
    """Keys by number; the highest number seals, all of them open."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        if not keys:
            raise ValueError("the key ring is empty")
        for number, key in keys.items():
            if len(key) != KEY_BYTES:
                raise ValueError(f"key {number} is not {KEY_BYTES} bytes long")
            if not 0 < number < 2**32:
                raise ValueError("key numbers run from 1 to 2**32 - 1")
        self._ciphers = {number: AESGCM(key) for number, key in keys.items()}
        self.current = max(keys)

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """Read ``"1:<base64>,2:<base64>"``, the form of the ENCRYPTION_KEYS setting."""
        keys: dict[int, bytes] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            number, _, encoded = part.partition(":")
            try:
                keys[int(number)] = b64decode(encoded, validate=True)
            except ValueError as error:
                raise ValueError("a key is written as <number>:<base64 of 32 bytes>") from error
        return cls(keys)

    def seal(self, plain: bytes, place: Place) -> bytes:
        """Encrypt with the current key for ``place``."""
        nonce = os.urandom(_NONCE)
        sealed = self._ciphers[self.current].encrypt(nonce, plain, place.authenticated())
        return _VERSION + self.current.to_bytes(_ID, "big") + nonce + sealed

    def open(self, sealed: bytes, place: Place) -> bytes:
        """Decrypt. Raises ``CannotOpen``."""
        sealed = bytes(sealed)
        if sealed[:1] != _VERSION or len(sealed) < 1 + _ID + _NONCE + 16:
            raise CannotOpen("not a sealed value")
        cipher = self._ciphers.get(key_number(sealed))
        if cipher is None:
            raise CannotOpen("sealed with a key that is not in the ring")
        body = sealed[1 + _ID :]
        try:
            return cipher.decrypt(body[:_NONCE], body[_NONCE:], place.authenticated())
        except InvalidTag as error:
            raise CannotOpen("the value was altered or belongs elsewhere") from error


class KeyedHash:
    """Hashes that only the holder of the key can make: for API keys, session ids and one-time links."""

    def __init__(self, key: bytes) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError(f"the hash key needs at least {KEY_BYTES} bytes")
        self._key = key

    def of(self, purpose: str, secret: str) -> bytes:
        """The 32-byte HMAC-SHA-256 of ``secret``, different for each ``purpose``."""
        return hmac.new(self._key, f"{purpose}|{secret}".encode(), hashlib.sha256).digest()


def key_number(sealed: bytes) -> int:
    """The number of the key that sealed a value."""
    return int.from_bytes(bytes(sealed)[1 : 1 + _ID], "big")


def equal(one: bytes, other: bytes) -> bool:
    """Compare secrets in constant time."""
    return hmac.compare_digest(one, other)
