"""JSON as rows: an array of products wherever it stands in the document, or a document on each line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from itertools import islice
from typing import Any, BinaryIO

import ijson

from app.feeds.feed import Limits, Table, UnreadableFile, bounded
from app.feeds.rules.fields import BY_NAME, normal
from app.feeds.rules.header import plain_number
from app.feeds.rules.nested import Node, learn

_LEARNED_FROM = 1000
#: Values looked at to find the array of products.
_LOOKED_AT = 50_000
_DEEPEST = 40
_MOST_IN_RECORD = 20_000
#: Arrays offered to choose from, and names told of each.
_MOST_OFFERED, _MOST_NAMED = 20, 12
#: ijson's reader in C does not survive a whole number that Python refuses to read (4,300 digits): it may end the
#: process. None of nearly that length gets there.
_MOST_DIGITS = 1000
#: Bytes of a file whose commas are looked at; a comma with nothing behind it, beside texts, in which commas are commas;
#: and one between records. No text, closed or not, is looked at twice.
_MOST_MENDED = 50 * 1024 * 1024
_LOOSE_COMMA = re.compile(rb'(?P<text>"(?:[^"\\]++|\\.)*+"?)|,(?=\s*+[\]}])', re.DOTALL)
_BETWEEN_RECORDS = re.compile(rb"\}\s*+,\s*+\{")
_ENDLESS_NUMBER = re.compile(rb"[0-9]{%d}" % _MOST_DIGITS)


class Json:
    """The ``SupplierFeed`` port for JSON."""

    name = "json"
    label = "JSON"

    def recognises(self, head: bytes, file_name: str) -> bool:
        """By its beginning."""
        return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")

    def open(self, stream: BinaryIO, limits: Limits) -> Table:
        """Find the array of products, learn the columns from the first thousand; rows follow."""
        return self.open_at(stream, limits, "")

    def open_at(self, stream: BinaryIO, limits: Limits, record: str) -> Table:
        """The same, with the array of products that a person chose, as ``a.item``."""
        try:
            return self._open_at(stream, limits, record)
        except UnreadableFile as error:
            mended = _without_loose_commas(stream) if error.code == "malformed" else None
            if mended is None:
                raise
            return self._open_at(mended, limits, record)

    def _open_at(self, stream: BinaryIO, limits: Limits, record: str) -> Table:
        prefix, offered = _products_at(stream, record)
        first = list(islice(_records(stream, prefix), _LEARNED_FROM))
        if not first:
            raise UnreadableFile("no_rows", "The file holds no product.")
        layout = learn(first)
        left_out = layout.keep(limits.columns)
        return Table(
            columns=layout.columns,
            detected={
                "format": "JSON",
                "record": prefix or "each line",
                "records": offered,
                "variants": "/".join(layout.variants or ()),
                **({"left_out": left_out} if left_out else {}),
            },
            rows=bounded(layout.table(_records(stream, prefix)), limits),
            meant=layout.meant,
            pointed="all",
        )


def _without_loose_commas(stream: BinaryIO) -> BinaryIO | None:
    """The file as programs meant it that write a comma behind each record, the last one too, with or without brackets
    around them; None where there are no such commas, or the file is too large to be held."""
    stream.seek(0)
    text = stream.read(_MOST_MENDED + 1)
    if len(text) > _MOST_MENDED:
        return None
    bare = text.removeprefix(b"\xef\xbb\xbf").strip()
    mended = _LOOSE_COMMA.sub(lambda found: found["text"] or b"", bare.rstrip(b","))
    if _BETWEEN_RECORDS.search(mended) and mended.startswith(b"{"):
        mended = b"[" + mended + b"]"
    return BytesIO(mended) if mended != bare else None


def _products_at(stream: BinaryIO, chosen: str) -> tuple[str, list[dict[str, Any]]]:
    """ijson's prefix of the products: the ``chosen`` one, if it is there; else the shallowest array of objects whose
    keys we know, else of any objects; ``""`` for a document on each line. And all arrays that there are, as
    ``NestedFeed`` has them."""
    keys: dict[str, set[str]] = {}
    times: Counter[str] = Counter()
    documents = 0
    for seen, (prefix, event, value) in enumerate(_events(stream)):
        if prefix.count(".") > _DEEPEST:
            raise UnreadableFile("malformed", f"The file's values stand more than {_DEEPEST} levels deep.")
        if event == "map_key":
            keys.setdefault(prefix, set()).add(normal(str(value)))
        if event == "start_map":
            times[prefix] += 1
            documents += prefix == ""
        if seen > _LOOKED_AT:
            break
    arrays = [prefix for prefix in keys if prefix == "item" or prefix.endswith(".item")]
    if documents > 1 or (documents == 1 and not arrays and len(keys.get("", set()) & set(BY_NAME)) > 1):
        return "", []
    rich = [prefix for prefix in arrays if len(keys[prefix] & set(BY_NAME)) > 1]
    if not arrays:
        raise UnreadableFile("no_products", "The file holds no list of products.")
    arrays.sort(key=lambda prefix: (-len(keys[prefix] & set(BY_NAME)), prefix.count(".")))
    offered = [
        {"record": prefix, "times": times[prefix], "holds": sorted(keys[prefix])[:_MOST_NAMED]}
        for prefix in arrays[:_MOST_OFFERED]
    ]
    if chosen in arrays:
        return chosen, offered
    found = min(rich or arrays, key=lambda prefix: (prefix.count("."), -len(keys[prefix])))
    if not _titled(keys[found]):
        # Variants without a title stand in their product, which may hold nothing else that we know.
        above = [prefix for prefix in arrays if found.startswith(f"{prefix}.") and _titled(keys[prefix])]
        found = min(above, key=len, default=found)
    return found, offered


def _titled(names: set[str]) -> bool:
    return any(BY_NAME.get(name) == "title" for name in names)


def _records(stream: BinaryIO, prefix: str) -> Iterator[Node]:
    stream.seek(0)
    try:
        for value in ijson.items(_Text(stream), prefix, multiple_values=True):
            if isinstance(value, dict):
                yield _node(value)
    except ijson.JSONError as error:
        raise UnreadableFile("malformed", f"The file is no well-formed JSON: {str(error)[:120]}.") from error
    except (UnicodeError, ValueError, ArithmeticError, RecursionError) as error:
        raise UnreadableFile("malformed", "The file is no well-formed JSON in UTF-8.") from error


def _events(stream: BinaryIO) -> Iterator[tuple[str, str, Any]]:
    stream.seek(0)
    try:
        yield from ijson.parse(_Text(stream), multiple_values=True)
    except ijson.JSONError as error:
        raise UnreadableFile("malformed", f"The file is no well-formed JSON: {str(error)[:120]}.") from error
    except (UnicodeError, ValueError, ArithmeticError, RecursionError) as error:
        raise UnreadableFile("malformed", "The file is no well-formed JSON in UTF-8.") from error


class _Text:
    """A file past its byte-order mark, refused where a number in it has no end."""

    def __init__(self, stream: BinaryIO) -> None:
        if stream.read(3) != b"\xef\xbb\xbf":
            stream.seek(0)
        self._stream, self._last = stream, b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes. Raises ``UnreadableFile``."""
        block = self._stream.read(size)
        seen = self._last + block
        if _ENDLESS_NUMBER.search(seen):
            raise UnreadableFile("malformed", f"The file holds a number of more than {_MOST_DIGITS} digits.")
        self._last = seen[-_MOST_DIGITS:]
        return block


def _node(value: dict[str, Any], depth: int = 0) -> Node:
    if depth > _DEEPEST or len(value) > _MOST_IN_RECORD:
        raise UnreadableFile("malformed", "One product of the file holds too much.")
    node: dict[str, list[Any]] = {}
    for key, one in value.items():
        for single in one if isinstance(one, list) else (one,):
            if isinstance(single, dict):
                pair = _pair(single)
                if pair is not None:
                    node.setdefault(pair[0], []).append(pair[1])
                else:
                    node.setdefault(key, []).append(_node(single, depth + 1))
            else:
                text = _scalar(single)
                if text:
                    node.setdefault(key, []).append(text)
    return node


def _pair(value: dict[str, Any]) -> tuple[str, str] | None:
    """A named value, ``{"name": "Colour", "value": "red"}``, or WooCommerce's ``"option": "red"``."""
    for key in ("name", "key", "label"):
        for told in ("value", "option"):
            if key in value and told in value and len(value) <= 4:
                name, text = _scalar(value[key]), _scalar(value[told])
                return (name, text) if name and text else None
    return None


def _scalar(value: Any) -> str:
    if value is None or isinstance(value, (dict, list)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain_number(value) if value.is_finite() and abs(value.adjusted()) < 40 else ""
    return str(value).replace("\x00", "").strip()
