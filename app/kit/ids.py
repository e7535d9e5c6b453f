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


#: SQL for ids of a set of rows, numbered from 1 (``{}``), that sort by their numbers; ``:series`` is ``new_series``.
#: What is added, 2**28, makes eight digits of every number.
ID_IN_SERIES = "(:series || to_hex({} + 268435456))::uuid"


def new_series() -> str:
    """The beginning that ids have in common which the database makes of a set of rows: time, count and random bits of a
    fresh id, but for its last 32 bits, which are the rows' numbers."""
    return new_id().hex[:24]
