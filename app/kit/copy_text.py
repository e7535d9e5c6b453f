"""Rows as PostgreSQL's COPY reads them, in its text format. Columns hold values of one kind, and many the same value in
each row, so they are written column by column."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

_NOTHING = "\\N"
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_lines(rows: Iterable[Sequence[object]], documents: Collection[int] = ()) -> bytes:
    """The lines of some rows. ``documents``: the places of columns that hold JSON, whatever is in them. Raises
    ``TypeError`` for lists and mappings elsewhere."""
    columns = [
        _column(values, _document if place in documents else None)
        for place, values in enumerate(zip(*rows, strict=True))
    ]
    return "".join([f"{line}\n" for line in map("\t".join, zip(*columns, strict=True))]).encode()


def _column(values: Sequence[Any], write: Callable[[Any], str] | None) -> Sequence[str]:
    first = values[0]
    if all(value is first for value in values):
        return [(write or _WRITERS.get(type(first), _other))(first)] * len(values)
    if write is not None:
        return [write(value) for value in values]
    kinds = set(map(type, values))
    if kinds == {str} and _is_plain("".join(values)):
        return values
    if len(kinds) == 1:
        return list(map(_WRITERS.get(kinds.pop(), _other), values))
    return [_WRITERS.get(type(value), _other)(value) for value in values]


def _is_plain(text: str) -> bool:
    # What can be printed has no line breaks and tabs; asking so is quicker than looking for them.
    return text.isprintable() and "\\" not in text


def _text(value: str) -> str:
    return value if _is_plain(value) else value.translate(_ESCAPED)


def _document(value: object) -> str:
    if value is None:
        return _NOTHING
    return orjson.dumps(value, default=str).decode().replace("\\", "\\\\")


def _other(value: object) -> str:
    if isinstance(value, list | tuple | dict):
        raise TypeError("only columns of JSON hold lists and mappings")
    return "\\\\x" + bytes(value).hex() if isinstance(value, bytes | memoryview) else _text(str(value))


_WRITERS: dict[type, Callable[[Any], str]] = {
    str: _text,
    int: str,
    bool: lambda value: "t" if value else "f",
    type(None): lambda _: _NOTHING,
    UUID: lambda value: f"{value.int:032x}",
    datetime: datetime.isoformat,
}
