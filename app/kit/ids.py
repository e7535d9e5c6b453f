"""Identifiers: UUIDv7 (RFC 9562), which sort by the time they were made and say nothing else."""

from __future__ import annotations

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7


def new_id() -> UUID:
    """A fresh id, later than every id this process made before."""
    return _uuid7()


def parse_id(text: str) -> UUID | None:
    """The id that ``text`` spells, or None when it spells none."""
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None


def random_token(size: int = 32) -> str:
    """A secret of ``size`` random bytes, safe in a URL."""
    return secrets.token_urlsafe(size)
