"""Pages by key: a cursor says after which row to go on, so that no row is skipped or shown twice."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar
from uuid import UUID

import orjson

from app.kit.errors import Invalid
from app.kit.ids import parse_id

T = TypeVar("T")

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200

CursorValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page. ``next_cursor`` is None on the last."""

    items: Sequence[T]
    next_cursor: str | None


def encode_cursor(values: Sequence[object]) -> str:
    """An opaque cursor from the sort values of a page's last row."""
    return base64.urlsafe_b64encode(orjson.dumps([_plain(value) for value in values])).decode().rstrip("=")


def decode_cursor(cursor: str, size: int) -> list[CursorValue]:
    """The ``size`` sort values in ``cursor``. Raises ``Invalid`` for anything we did not make."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = orjson.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, binascii.Error, UnicodeEncodeError) as error:
        raise bad_cursor() from error
    if not isinstance(values, list) or len(values) != size:
        raise bad_cursor()
    if any(isinstance(value, list | dict) for value in values):
        raise bad_cursor()
    return values


def id_after(cursor: str) -> UUID:
    """The id in a cursor that holds nothing else. Raises ``Invalid``."""
    found = parse_id(str(decode_cursor(cursor, 1)[0]))
    if found is None:
        raise bad_cursor()
    return found


def number_after(cursor: str) -> int:
    """The whole number in a cursor that holds nothing else. Raises ``Invalid``."""
    found = decode_cursor(cursor, 1)[0]
    if isinstance(found, bool) or not isinstance(found, int):
        raise bad_cursor()
    return found


def text_after(cursor: str) -> str:
    """The text in a cursor that holds nothing else. Raises ``Invalid``."""
    found = decode_cursor(cursor, 1)[0]
    if not isinstance(found, str) or "\x00" in found:
        raise bad_cursor()
    return found


def page_of(rows: Sequence[T], limit: int, key: Callable[[T], Sequence[object]]) -> Page[T]:
    """Cut a page out of ``limit + 1`` rows that were asked for."""
    if len(rows) <= limit:
        return Page(rows, None)
    kept = rows[:limit]
    return Page(kept, encode_cursor(key(kept[-1])))


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def bad_cursor() -> Invalid:
    """What is raised for a cursor that a list did not give out."""
    return Invalid.field("cursor", "invalid_cursor", "The cursor is not one that this list gave out.")
