"""The ``query`` argument of connections: ``status:open AND created_at:>'2026-11-01' tag:dropship``.

https://shopify.dev/docs/api/usage/search-syntax
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from tests.simulators.shopify.graphql.problems import NotModelled

#: What a field of a search compares with: the record's value, or several.
Reader = Callable[[Any], Any]
_TOKEN = re.compile(
    r"""\s*(?:(?P<open>\()|(?P<close>\))|(?P<word>(?:AND|OR|NOT)(?=[\s()]|$))|(?P<minus>-(?=\S))"""
    r"""|(?:(?P<field>\w+):)?(?P<sign><=|>=|<|>)?(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s()"']+)))"""
)


class _Parser:
    """Recursive descent over the tokens of one query."""

    def __init__(self, text: str) -> None:
        self._tokens = [found.groupdict() for found in _TOKEN.finditer(text)]
        self._at = 0

    def whole(self) -> tuple[Any, ...]:
        """The tree of the whole query."""
        return self._any()

    def _next(self) -> dict[str, str | None] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _any(self) -> tuple[Any, ...]:
        parts = [self._all()]
        while (token := self._next()) and token["word"] == "OR":
            self._at += 1
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else ("or", parts)

    def _all(self) -> tuple[Any, ...]:
        parts = []
        while (token := self._next()) and token["word"] != "OR" and not token["close"]:
            if token["word"] == "AND":
                self._at += 1
                continue
            parts.append(self._one())
        return ("and", parts)

    def _one(self) -> tuple[Any, ...]:
        token = self._next()
        assert token is not None
        self._at += 1
        if token["word"] == "NOT" or token["minus"]:
            return ("not", self._one())
        if token["open"]:
            inner = self._any()
            self._at += 1
            return inner
        value = next((token[kind] for kind in ("double", "single", "bare") if token[kind] is not None), "")
        return ("term", token["field"], token["sign"] or "", value)


@lru_cache(maxsize=512)
def _parsed(text: str) -> tuple[Any, ...]:
    return _Parser(text).whole()


def search(items: Iterable[Any], text: str | None, readers: Mapping[str, Reader]) -> list[Any]:
    """The items that match. ``readers`` has the searchable fields; "" is the text that bare words look in.
    Raises NotModelled for a field that is not among them."""
    if not text or not text.strip():
        return list(items)
    tree = _parsed(text)
    _check(tree, readers)
    return [item for item in items if _matches(tree, item, readers)]


def _check(tree: tuple[Any, ...], readers: Mapping[str, Reader]) -> None:
    kind = tree[0]
    if kind in ("and", "or"):
        for part in tree[1]:
            _check(part, readers)
    elif kind == "not":
        _check(tree[1], readers)
    elif (tree[1] or "") not in readers:
        raise NotModelled(f"a search by '{tree[1]}'")


def _matches(tree: tuple[Any, ...], item: Any, readers: Mapping[str, Reader]) -> bool:
    kind = tree[0]
    if kind == "and":
        return all(_matches(part, item, readers) for part in tree[1])
    if kind == "or":
        return any(_matches(part, item, readers) for part in tree[1])
    if kind == "not":
        return not _matches(tree[1], item, readers)
    _, field, sign, wanted = tree
    held = readers[field or ""](item)
    values = held if isinstance(held, list | set | tuple) else [held]
    if not field:
        return any(wanted.lower() in str(value).lower() for value in values if value is not None)
    return any(value is not None and _compare(value, sign, wanted) for value in values)


def _compare(value: Any, sign: str, wanted: str) -> bool:
    if isinstance(value, datetime):
        return _signed(value, sign or ">=", _moment(wanted))
    if isinstance(value, bool):
        return value == (wanted.lower() == "true")
    if isinstance(value, int):
        number = wanted.rpartition("/")[2]
        return number.lstrip("-").isdigit() and _signed(value, sign, int(number))
    text, asked = str(value).lower(), wanted.lower()
    if asked.endswith("*"):
        return text.startswith(asked[:-1])
    return _signed(text, sign, asked)


def _signed(value: Any, sign: str, wanted: Any) -> bool:
    if sign == ">":
        return bool(value > wanted)
    if sign == ">=":
        return bool(value >= wanted)
    if sign == "<":
        return bool(value < wanted)
    if sign == "<=":
        return bool(value <= wanted)
    return bool(value == wanted)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise NotModelled(f"a search by the date '{text}'") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
