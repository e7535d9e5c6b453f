"""Connections: pages of a list, with cursors that keep their place when the list changes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from tests.simulators.shopify.graphql.problems import BadInput

LARGEST_PAGE = 250
SortKey = Callable[[Any], tuple[Any, int]]


@dataclass(slots=True)
class Page:
    """A part of a list. ``key`` gives each node its place: (value that is sorted by, id)."""

    nodes: Sequence[Any]
    key: SortKey
    has_next: bool
    has_previous: bool

    def cursor(self, node: Any) -> str:
        """The place of a node."""
        value, number = self.key(node)
        shown = value.isoformat() if isinstance(value, datetime) else value
        return base64.b64encode(orjson.dumps({"last_id": number, "last_value": shown}, default=str)).decode()

    @property
    def edges(self) -> list[dict[str, Any]]:
        """Nodes with their cursors."""
        return [{"node": node, "cursor": self.cursor(node)} for node in self.nodes]

    @property
    def info(self) -> dict[str, Any]:
        """``pageInfo``."""
        return {
            "hasNextPage": self.has_next,
            "hasPreviousPage": self.has_previous,
            "startCursor": self.cursor(self.nodes[0]) if self.nodes else None,
            "endCursor": self.cursor(self.nodes[-1]) if self.nodes else None,
        }


def by_id(node: Any) -> tuple[Any, int]:
    """Sorted by the record's number."""
    return node.id, node.id


def page(items: Iterable[Any], arguments: Mapping[str, Any], key: SortKey = by_id) -> Page:
    """The part that ``first``/``after`` or ``last``/``before`` ask for. Raises BadInput."""
    first, last = arguments.get("first"), arguments.get("last")
    _check(first, last)
    ordered = sorted(items, key=key, reverse=bool(arguments.get("reverse")))
    start, stop = 0, len(ordered)
    after, before = arguments.get("after"), arguments.get("before")
    if after:
        start = _position(ordered, after, key, reverse=bool(arguments.get("reverse")), beyond=True)
    if before:
        stop = _position(ordered, before, key, reverse=bool(arguments.get("reverse")), beyond=False)
    if first is not None and stop - start > first:
        stop = start + first
    elif last is not None and stop - start > last:
        start = stop - last
    return Page(ordered[start:stop], key, has_next=stop < len(ordered), has_previous=start > 0)


def _check(first: int | None, last: int | None) -> None:
    if first is None and last is None:
        raise BadInput("you must provide one of first or last", "BAD_REQUEST")
    if first is not None and last is not None:
        raise BadInput("providing both first and last is not supported", "BAD_REQUEST")
    size = first if first is not None else last
    if size is None or size < 0:
        raise BadInput("first and last must not be negative", "BAD_REQUEST")
    if size > LARGEST_PAGE:
        raise BadInput(f"first and last must be at most {LARGEST_PAGE}", "BAD_REQUEST")


def _position(ordered: Sequence[Any], cursor: str, key: SortKey, *, reverse: bool, beyond: bool) -> int:
    value, number = _place(cursor)
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high) // 2
        here = _comparable(key(ordered[middle]))
        passed = here > (value, number) if reverse else here < (value, number)
        if passed or (beyond and here == (value, number)):
            low = middle + 1
        else:
            high = middle
    return low


def _comparable(place: tuple[Any, int]) -> tuple[Any, int]:
    value, number = place
    return (value.isoformat() if isinstance(value, datetime) else value), number


def _place(cursor: str) -> tuple[Any, int]:
    try:
        content = orjson.loads(base64.b64decode(cursor, validate=True))
        return content["last_value"], int(content["last_id"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise BadInput(f"Invalid cursor: '{cursor}'", "BAD_REQUEST") from None
